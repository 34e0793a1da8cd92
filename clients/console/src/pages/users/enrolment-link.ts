import { KeyServiceBeginEnrolmentResponse } from "@countersign/proto/web/core/v1/key_service";

/** What the core told of an enrolment as one word, which `countersign key enrol` reads. It holds the one-time token. */
export function enrolmentLink(enrolment: KeyServiceBeginEnrolmentResponse): string {
  const bytes = KeyServiceBeginEnrolmentResponse.encode(enrolment).finish();
  const text = btoa(String.fromCharCode(...bytes));
  return `countersign:enrol/${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

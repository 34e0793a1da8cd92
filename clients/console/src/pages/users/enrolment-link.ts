import { KeyServiceBeginEnrolmentResponse } from "@countersign/proto/web/core/v1/key_service";
import { toBase64url } from "@countersign/protocol";

/** What the core told of an enrolment as one word, which `countersign key enrol` reads. It holds the one-time token. */
export function enrolmentLink(enrolment: KeyServiceBeginEnrolmentResponse): string {
  return `countersign:enrol/${toBase64url(KeyServiceBeginEnrolmentResponse.encode(enrolment).finish())}`;
}

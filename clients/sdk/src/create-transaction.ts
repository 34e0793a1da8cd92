import { ProtocolError } from "@countersign/protocol";
import { TransactionServiceCreateRequest } from "@countersign/proto/web/core/v1/transaction_service";
import { ask, type CallGiven } from "./call.ts";
import type { CoreConnection } from "./core-connection.ts";
import { CoreError } from "./core-error.ts";
import { CREATE } from "./methods.ts";
import type { Progress } from "./outcome.ts";
import type { Meant } from "./own-content.ts";
import { outcomeOfRefusedCreate } from "./refusal-outcome.ts";
import type { WireTransaction } from "./transaction-view.ts";
import { toWireField } from "./wire-field.ts";

/** A transaction as the user means it. */
export interface ConfirmRequest extends Meant {
  /** The relying party's own name of the user. */
  readonly userId: string;
  /** Makes a retry harmless; drawn when absent. */
  readonly requestId?: string | undefined;
  /** `requestId` was drawn for this very call: no other client can have had a key sign its transaction. */
  readonly isFirstTry?: boolean | undefined;
  /** Wished lifetime in seconds; the policy shortens it. */
  readonly lifetimeS?: number | undefined;
  /** 1 A, 2 B, 3 C: honoured when stricter than the policy. */
  readonly modeHint?: 1 | 2 | 3 | undefined;
  /** Keys that may sign, 32 hexadecimal digits each; absent: every active key of the user. */
  readonly keyIds?: readonly string[] | undefined;
}

/** What the core froze, and the token for it; or why it refused, as the outcome. */
export type Created =
  | { readonly transaction: WireTransaction; readonly confirmationToken: string }
  | Extract<Progress, { type: "outcome" }>;

/** Asks the core for a transaction. Repeating it with the same `requestId` gives the same one. Throws CoreError on an outage. */
export async function createTransaction(
  request: ConfirmRequest,
  { port }: CoreConnection,
  given: CallGiven,
): Promise<Created> {
  const body = TransactionServiceCreateRequest.create({
    requestId: request.requestId ?? crypto.randomUUID(),
    userId: request.userId,
    kind: request.kind,
    fields: request.fields.map(toWireField),
    payloadSha256: request.payload ?? new Uint8Array(),
    keyIds: [...(request.keyIds ?? [])],
    lifetime: request.lifetimeS === undefined ? undefined : { seconds: BigInt(request.lifetimeS), nanos: 0 },
    modeHint: request.modeHint ?? 0,
    contentVersions: [1],
    repeatOf: request.repeatOf ?? "",
  });
  try {
    const answer = await ask(port, CREATE, body, given);
    if (answer.transaction === undefined)
      throw new ProtocolError("bad-field", "the core's answer holds no transaction");
    return { transaction: answer.transaction, confirmationToken: answer.confirmationToken };
  } catch (error) {
    const outcome = error instanceof CoreError ? outcomeOfRefusedCreate(error) : undefined;
    if (outcome === undefined) throw error;
    return { type: "outcome", outcome };
  }
}

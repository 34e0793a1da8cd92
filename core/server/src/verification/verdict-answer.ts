import { RejectReason, type Reason } from "@countersign/protocol";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { Verdict } from "./judged.ts";

const MESSAGE: Readonly<Partial<Record<Reason, string>>> = {
  STATE_CONFLICT: "The transaction waits for no statement any more.",
  USER_BLOCKED: "The user is frozen, blocked or suspended; a THAW signed by his key frees him.",
  EXPIRED: "The transaction expired. Create it anew.",
  UNKNOWN_KEY: "No such key is enrolled here.",
  KEY_NOT_OWNED: "The key is another user's.",
  KEY_REVOKED: "The key was revoked.",
  KEY_PROVISIONAL: "The key's fingerprint was not confirmed yet.",
  KEY_NOT_ACCEPTED: "The key is not among those accepted for this transaction.",
  BAD_SIGNATURE: "Not a statement, or an assertion over one, signed by the key it names.",
  STATEMENT_MISMATCH: "It is over another server, transaction, nonce or version.",
  TAMPERED: "The key showed other content than the core holds. Nothing was done; the user's PC may be unsafe.",
  REJECTED: "The user rejected it on the key.",
  COUNTER_REGRESSION: "The key's counter was used before. The key may have been cloned.",
  POLICY_UNMET: "Shown, code entry or user verification is weaker than mode and policy demand.",
  WRONG_CODE: "The code is wrong.",
  CODE_SUPERSEDED: "The code was superseded by a newer one. Type that one.",
  LOCKED: "All tries are used up. Create the transaction anew.",
};

/** How a verdict is told to an app; answer.ts makes the class for a client of it. */
export function refusalOf(verdict: Extract<Verdict, { accepted: false }>): Refusal {
  const { reason, triesLeft, rejectReason } = verdict;
  const metadata = {
    ...(triesLeft === undefined ? {} : { triesLeft: String(triesLeft) }),
    ...(rejectReason === undefined ? {} : { rejectReason: nameOf(rejectReason) }),
  };
  return refuse(reason, MESSAGE[reason] ?? "The statement was refused.", { metadata });
}

function nameOf(reason: RejectReason): string {
  return Object.entries(RejectReason).find(([, value]) => value === reason)?.[0] ?? "";
}

// Row 12: the one place where a code is derived to be compared.
import { codeProver, equalBytes } from "@countersign/protocol";
import { codesOf } from "../code/derive.ts";
import type { CoreGiven } from "../given.ts";
import type { Issue, Transaction } from "../transaction/transaction.ts";

/** "epoch-superseded": right for an issue of an epoch that the store has left, which the core took back itself. */
export type Compared = "right" | "superseded" | "epoch-superseded" | "wrong";

/** As many issues are always derived: the first, three resends, and as many again over changes of the epoch. */
const COMPARED_ISSUES = 8;

/** Compares with the current issue and the earlier ones; its work depends on neither the code nor their number. */
export function compareCode(given: CoreGiven, transaction: Transaction, codeProof: Uint8Array | undefined): Compared {
  const { issue, superseded, nonce, txDigest } = transaction;
  const codeOf = codesOf(given, transaction);
  const proofOf = codeProver(nonce, txDigest);
  const proof = codeProof ?? new Uint8Array(32);
  const issues = [issue, ...superseded.toReversed()].slice(0, COMPARED_ISSUES);
  let found: Compared = "wrong";
  for (let i = 0; i < COMPARED_ISSUES; i++) {
    const compared = issues[i] ?? issue;
    const same = equalBytes(proofOf(codeOf(compared)), proof);
    const counts = same && i < issues.length && found === "wrong" && codeProof !== undefined;
    if (counts) found = kindOf(compared, issue, i);
  }
  return found;
}

function kindOf(compared: Issue, current: Issue, i: number): Compared {
  if (i === 0) return "right";
  return compared.epoch === current.epoch ? "superseded" : "epoch-superseded";
}

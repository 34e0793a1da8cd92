// docs/protocol/verification.md from its first row to its last.
import { toHex } from "@countersign/protocol";
import { codeKeyOf, requireCodeKey } from "../code/code-key.ts";
import type { CoreGiven } from "../given.ts";
import { keyOwnerKey } from "../identity/entity-key.ts";
import { keyIndex } from "../identity/key-index.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfKey, shardOfTransaction, type EntityKey, type HexId } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import { applyEffects } from "../transaction/apply-effects.ts";
import { auditOf, auditOfStep } from "../transaction/audit-event.ts";
import { loadCase, type HeldCase } from "../transaction/case.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { happen, unknownTransaction } from "../transaction/happen.ts";
import { step } from "../transaction/machine.ts";
import { isTxId, transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { badSignaturesKey, badSignatureWait, countBadSignature } from "./bad-signature-limit.ts";
import { compareCode } from "./compare-code.ts";
import { findRefusal, type Evidence, type Finding } from "./find-refusal.ts";
import type { Verdict } from "./judged.ts";
import { judgedKey } from "./judged-key.ts";
import { keyAfter } from "./key-use.ts";
import { seal, unseal } from "./seal.ts";
import { settle } from "./settle.ts";
import { readSubmission, type Submission } from "./submission.ts";
import { refusalOf } from "./verdict-answer.ts";

/** An open compare that nobody finished by then is finished by the sweeper. */
export const OPEN_COMPARE_MS = 5_000;

/**
 * Judges what a key signed over one transaction and answers the transaction once it is confirmed, or why not. Asking
 * again with the same statement changes nothing. `tenantId` undefined: the caller holds the transaction's own token.
 */
export async function submitStatement(
  given: CoreGiven,
  ask: { readonly txId: HexId; readonly tenantId: HexId | undefined; readonly signed: Uint8Array },
): Promise<Transaction | Refusal> {
  if (!isTxId(ask.txId)) return unknownTransaction;
  const submission = readSubmission(ask.signed);
  const verdict = await once(given, ask.txId, submission, () => judge(given, ask.txId, ask.tenantId, submission));
  if (isRefusal(verdict)) return verdict;
  if (!verdict.accepted) return refusalOf(verdict);
  const { entities } = await given.store.load(shardOfTransaction(ask.txId), transactionKey(ask.txId));
  return entities[0].body ?? unknownTransaction;
}

const inFlight = new WeakMap<CoreGiven, Map<string, Promise<Verdict | Refusal>>>();

/** Equal statements that arrive together are judged one after the other: none is taken for one that a crash left open. */
async function once(
  given: CoreGiven,
  txId: HexId,
  submission: Submission,
  work: () => Promise<Verdict | Refusal>,
): Promise<Verdict | Refusal> {
  const running = inFlight.get(given) ?? new Map<string, Promise<Verdict | Refusal>>();
  inFlight.set(given, running);
  const name = `${txId}:${toHex(submission.hash)}`;
  const before = running.get(name) ?? Promise.resolve();
  const mine = before.then(work, work);
  running.set(name, mine);
  try {
    return await mine;
  } finally {
    if (running.get(name) === mine) running.delete(name);
  }
}

interface Held {
  readonly held: HeldCase;
  readonly judged: LoadedEntity<"judged">;
  readonly bad: LoadedEntity<"bad-signatures">;
  readonly key: LoadedEntity<"key">;
  readonly evidence: Evidence;
}

async function judge(
  given: CoreGiven,
  txId: HexId,
  tenantId: HexId | undefined,
  submission: Submission,
): Promise<Verdict | Refusal> {
  const judged = await untilSettled(async () => {
    const found = await gather(given, txId, submission);
    if (found === undefined) return unknownTransaction; // row 1
    if (tenantId !== undefined && found.evidence.transaction.tenantId !== tenantId) return unknownTransaction;
    return judgeHeld(given, submission, found);
  });
  return judged;
}

async function gather(given: CoreGiven, txId: HexId, submission: Submission): Promise<Held | undefined> {
  const others = [judgedKey(codeKeyOf(given.secrets, txId), txId, submission.hash), badSignaturesKey(txId)];
  const ownerKey = keyOwnerKey(submission.keyId);
  const owner = await given.store.load(shardOfKey(ownerKey), ownerKey);
  const held = await loadCase(given, txId, { keyIds: [submission.keyId], others });
  if (held === undefined) return undefined;
  requireCodeKey(given.secrets, txId);
  const key = held.keys.find(({ key: { id } }) => id === submission.keyId);
  if (key === undefined) throw new Error("the case was loaded without the key that was asked for");
  const evidence: Evidence = {
    submission,
    transaction: held.transaction.body,
    user: held.user.body,
    key: key.body,
    keyOwner: owner.entities[0].body,
    serverId: given.serverId,
    now: held.now,
  };
  const [judged, bad] = held.others as readonly [LoadedEntity<"judged">, LoadedEntity<"bad-signatures">];
  return { held, judged, bad, key, evidence };
}

/** undefined: somebody got ahead, load again. */
async function judgeHeld(
  given: CoreGiven,
  submission: Submission,
  found: Held,
): Promise<Verdict | Refusal | undefined> {
  const { evidence, judged, held, bad } = found;
  const { transaction } = evidence;
  if (judged.body !== undefined) {
    if (judged.body.verdict !== undefined) return judged.body.verdict; // row 2
    // As it was judged: what comes again under the same statement may have another signature, or none that holds.
    const { sealed } = judged.body;
    const opened =
      sealed === undefined ? submission : readSubmission(unseal(codeKeyOf(given.secrets, transaction.txId), sealed));
    return finishCompare(given, transaction, opened);
  }
  const wait = badSignatureWait(bad.body, held.now);
  const finding = wait === undefined ? undefined : findRefusal(evidence);
  // Only what the user's key did not sign: else a flood of garbage would keep his own statement out, and his reject.
  if (wait !== undefined && isForeign(finding)) {
    return refuse("RATE_LIMITED", "Too many bad signatures. Wait.", { retryAfterMs: wait });
  }
  // What is over is over for everybody, and is told without a commit.
  if (finding?.row === 3) return { accepted: false, reason: finding.reason };
  if (transaction.state === "PENDING" && held.epoch !== transaction.issue.epoch) {
    // The store lost its master: the code that is out counts no more, and that is nobody's try.
    const reissued = await happen(given, transaction.txId, { type: "reissued", epoch: held.epoch }, "core");
    return isRefusal(reissued) ? reissued : undefined;
  }
  return judgeAnew(given, submission, found);
}

/** Nothing that an acceptable key of the user's signed. */
function isForeign(finding: Finding | undefined): boolean {
  return finding?.row === 5 || finding?.row === 6;
}

/** Row 3 asks for no signature either. */
function isCounted(finding: Finding): boolean {
  return isForeign(finding) || finding.row === 3;
}

async function judgeAnew(
  given: CoreGiven,
  submission: Submission,
  found: Held,
): Promise<Verdict | Refusal | undefined> {
  const { txId } = found.evidence.transaction;
  const finding = findRefusal(found.evidence);
  // Two commits and one derivation, whatever was found: an observer cannot tell rows 5 to 12 apart.
  const counted = await (finding === undefined
    ? countTry(given, submission, found)
    : noteReceived(given, found, finding));
  if (counted !== "committed") return counted;
  const compared = compareCode(given, found.evidence.transaction, submission.statement?.codeProof);
  return settle(given, txId, submission, finding ?? { row: 12, compared }, {
    before: found.held,
    at: found.judged.key,
  });
}

/** Row 12, first commit: try, counter and statement are durable before the code is compared. */
async function countTry(
  given: CoreGiven,
  submission: Submission,
  found: Held,
): Promise<"committed" | Refusal | undefined> {
  const { held, judged, key } = found;
  const before = held.transaction.body;
  const event = { type: "try-counted" } as const;
  const stepped = step(before, event, held.now);
  if (isRefusal(stepped)) {
    // The last try is being compared by somebody else right now; a moment later it is judged.
    return refuse("RATE_LIMITED", "Another statement is being judged. Ask again.", { retryAfterMs: OPEN_COMPARE_MS });
  }
  const outcome = await commitOnce(given, held.shard, {
    epoch: held.epoch,
    notAfter: before.expiresAt - 1,
    writes: [
      ...applyEffects(held, stepped.transaction, stepped.effects),
      openCompare(given, submission, held, judged),
      ...useKey(submission, key),
    ],
    audit: [auditOfStep(event, before, stepped.transaction, `key:${submission.keyId}`)],
  });
  return outcome === "committed" ? "committed" : undefined;
}

function openCompare(
  given: CoreGiven,
  submission: Submission,
  held: HeldCase,
  judged: LoadedEntity<"judged">,
): AnyWrite {
  const sealed = seal(codeKeyOf(given.secrets, held.transaction.body.txId), given.random.bytes(16), submission.signed);
  const { txId } = held.transaction.body;
  return {
    key: judged.key,
    expected: judged.version,
    body: { txId, at: held.now, verdict: undefined, keyId: submission.keyId, sealed },
    index: { due: held.now + OPEN_COMPARE_MS },
  };
}

function useKey(submission: Submission, key: LoadedEntity<"key">): AnyWrite[] {
  if (key.body === undefined) return [];
  const body = keyAfter(key.body, submission);
  return [{ key: key.key, expected: key.version, body, index: keyIndex(body) }];
}

/** What is counted counts against the limit in the same commit. */
async function noteReceived(
  given: CoreGiven,
  { held, bad }: Held,
  finding: Finding,
): Promise<"committed" | Refusal | undefined> {
  const audit = [auditOf("statement.received", held.transaction.body, "client", {})] as const;
  const body = countBadSignature(bad.body, held.now);
  const writes = isCounted(finding) ? [{ key: bad.key, expected: bad.version, body }] : [];
  const outcome = await commitOnce(given, held.shard, { epoch: held.epoch, writes, audit });
  if (outcome === "committed") return "committed";
  // Those that arrive together are not judged again and again until each is counted: that would make a flood dearer.
  return isForeign(finding)
    ? refuse("RATE_LIMITED", "Too many bad signatures at once. Wait.", { retryAfterMs: 1000 })
    : undefined;
}

/**
 * Ends a compare that a crash left open. With the last try gone it is lost, whatever it would have said. `at`: where it
 * stands, when its statement cannot be read any more.
 */
export async function finishCompare(
  given: CoreGiven,
  transaction: Transaction,
  submission: Submission,
  at?: EntityKey<"judged">,
): Promise<Verdict | Refusal> {
  const lost = transaction.triesLeft === 0;
  const compared = compareCode(given, transaction, submission.statement?.codeProof);
  const judgement = { row: 12, compared: lost ? "lost" : compared } as const;
  return settle(given, transaction.txId, submission, judgement, at === undefined ? {} : { at });
}

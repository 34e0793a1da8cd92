import { toHex, type Reason, type RejectReason } from "@countersign/protocol";
import { codeKeyOf } from "../code/code-key.ts";
import type { CoreGiven } from "../given.ts";
import { keyIndex } from "../identity/key-index.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { EntityKey } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity, Read } from "../store/store.ts";
import { auditOf, auditOfStep } from "../transaction/audit-event.ts";
import { loadCase, reloadCase, type HeldCase } from "../transaction/case.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import type { TransactionEvent } from "../transaction/event.ts";
import { commitStep, unknownTransaction } from "../transaction/happen.ts";
import { step } from "../transaction/machine.ts";
import { letTimePass } from "../transaction/time.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { Compared } from "./compare-code.ts";
import { mayThaw, whyKeyIsUnusable, type Finding } from "./find-refusal.ts";
import type { Judged, Verdict } from "./judged.ts";
import { judgedKey } from "./judged-key.ts";
import { keyAfter } from "./key-use.ts";
import type { Submission } from "./submission.ts";

/** What was found out about a statement, before it is written down. */
export type Judgement =
  | { readonly row: 12; readonly compared: Compared }
  /** The last try was counted and a crash took its verdict. */
  | { readonly row: 12; readonly compared: "lost" }
  | Finding;

/**
 * Writes the verdict down, in one commit with all that follows from it. Whoever did so first is right: a verdict that is
 * saved already is returned as it stands. `before`: the case as it was judged. `at`: where the verdict belongs, for a
 * statement that cannot be read any more.
 */
export async function settle(
  given: CoreGiven,
  txId: string,
  submission: Submission,
  judgement: Judgement,
  { before, at }: { readonly before?: HeldCase; readonly at?: EntityKey<"judged"> } = {},
): Promise<Verdict | Refusal> {
  const extras = {
    keyIds: [submission.keyId],
    others: [at ?? judgedKey(codeKeyOf(given.secrets, txId), txId, submission.hash)],
  };
  return untilSettled(async () => {
    const held = await (before === undefined ? loadCase(given, txId, extras) : reloadCase(given, before, extras));
    if (held === undefined) return unknownTransaction;
    const judged = held.others[0] as LoadedEntity<"judged">;
    if (judged.body?.verdict !== undefined) return judged.body.verdict;
    return new Settlement(given, held, judged, submission).write(judgement);
  });
}

/** What a judgement makes happen. */
type JudgingEvent = Extract<
  TransactionEvent,
  {
    type:
      | "statement-accepted"
      | "wrong-code"
      | "code-superseded"
      | "tries-lost"
      | "tampered"
      | "vetoed"
      | "statement-unfit";
  }
>;

class Settlement {
  readonly #given: CoreGiven;
  readonly #held: HeldCase;
  readonly #judged: LoadedEntity<"judged">;
  readonly #submission: Submission;

  constructor(given: CoreGiven, held: HeldCase, judged: LoadedEntity<"judged">, submission: Submission) {
    this.#given = given;
    this.#held = held;
    this.#judged = judged;
    this.#submission = submission;
  }

  /** undefined: somebody got ahead, load again. */
  async write(judgement: Judgement): Promise<Verdict | undefined> {
    if (judgement.row < 8) return this.#note(judgement as Finding);
    const event = this.#eventOf(judgement);
    if (!("type" in event)) return this.#noteVerdict({ accepted: false, reason: event.reason });
    const before = this.#held.transaction.body;
    const stepped = step(before, event, this.#held.now);
    if (isRefusal(stepped)) {
      // It ended in the meantime: vetoed, cancelled or expired before the verdict was written.
      if (await this.#expired()) return undefined;
      return this.#noteVerdict({ accepted: false, reason: stepped.refused as Reason });
    }
    const verdict = verdictOf(event, stepped.transaction);
    if (stepped.transaction === before) return this.#noteVerdict(verdict);
    const writes = [this.#verdictWrite(verdict), ...this.#keyWrites(event)];
    const more = { writes, reads: this.#keyReads(event, writes) };
    const outcome = await commitStep(this.#given, this.#held, event, stepped, this.#actor(), more);
    return outcome === "committed" ? verdict : undefined;
  }

  #eventOf(judgement: Judgement): JudgingEvent | { readonly reason: Reason } {
    const { row } = judgement;
    if (row === 12) return this.#eventOfCompare(judgement.compared);
    const { keyId, statement } = this.#submission;
    if (row === 8) {
      return {
        type: "tampered",
        keyId,
        ...(statement === undefined ? {} : { signedDigest: toHex(statement.txDigest) }),
      };
    }
    if (row === 9) {
      return { type: "vetoed", reason: judgement.rejectReason, onKey: true, mayFreeze: true };
    }
    return { type: "statement-unfit", reason: judgement.reason };
  }

  #eventOfCompare(compared: Compared | "lost"): JudgingEvent | { readonly reason: Reason } {
    switch (compared) {
      case "right":
        return this.#acceptance();
      case "wrong":
        return { type: "wrong-code" };
      case "superseded":
        return { type: "code-superseded", epochChanged: false };
      case "epoch-superseded":
        return { type: "code-superseded", epochChanged: true };
      case "lost":
        return { type: "tries-lost" };
    }
  }

  /** Between the two commits the key may have been revoked and the user frozen: that counts. */
  #acceptance(): JudgingEvent | { readonly reason: Reason } {
    const { keyId, signed } = this.#submission;
    const transaction = this.#held.transaction.body;
    const unusable = whyKeyIsUnusable(transaction, this.#key()?.body, undefined);
    if (unusable !== undefined) return { reason: unusable };
    const user = this.#held.user.body;
    if (user.state !== "ACTIVE" && !mayThaw(transaction, user)) return { reason: "USER_BLOCKED" };
    return { type: "statement-accepted", confirmation: { keyId, signedStatement: signed, at: this.#held.now } };
  }

  /** Rows 3 to 7 save no verdict: the same bytes are judged anew, as a key may become active and a user be thawed. */
  async #note(finding: Finding): Promise<Verdict | undefined> {
    if (finding.row === 4 && (await this.#expired())) return undefined;
    const outcome = await commitOnce(this.#given, this.#held.shard, {
      epoch: this.#held.epoch,
      writes: [],
      audit: [this.#refused(finding.reason)],
    });
    return outcome === "committed" ? { accepted: false, reason: finding.reason } : undefined;
  }

  /** True if it had to be written down: whoever is told EXPIRED is told what stays so, wherever the clock goes then. */
  async #expired(): Promise<boolean> {
    const before = this.#held.transaction.body;
    const passed = letTimePass(before, this.#held.now);
    if (passed.transaction === before) return false;
    await commitStep(this.#given, this.#held, { type: "time-came" }, passed, "core");
    return true;
  }

  async #noteVerdict(verdict: Verdict): Promise<Verdict | undefined> {
    const reason = verdict.accepted ? "ACCEPTED" : verdict.reason;
    const outcome = await commitOnce(this.#given, this.#held.shard, {
      epoch: this.#held.epoch,
      writes: [this.#verdictWrite(verdict)],
      audit: [this.#refused(reason)],
    });
    return outcome === "committed" ? verdict : undefined;
  }

  #refused(reason: string): ReturnType<typeof auditOfStep> {
    return auditOf("statement.refused", this.#held.transaction.body, this.#actor(), { reason });
  }

  #verdictWrite(verdict: Verdict): AnyWrite {
    const { transaction, now } = this.#held;
    const { keyId } = this.#submission;
    const body: Judged = { txId: transaction.body.txId, at: now, verdict, keyId, sealed: undefined };
    return { key: this.#judged.key, expected: this.#judged.version, body };
  }

  /** A key that signed has used its counter, whatever it signed; a try's commit has written that down already. */
  #keyWrites(event: JudgingEvent): AnyWrite[] {
    const key = this.#key();
    if (key?.body === undefined || event.type === "statement-unfit") return [];
    const body = keyAfter(key.body, this.#submission);
    return body === key.body ? [] : [{ key: key.key, expected: key.version, body, index: keyIndex(body) }];
  }

  /** An acceptance rests on the key as it was loaded: a revocation that commits first makes it judge anew. */
  #keyReads(event: JudgingEvent, writes: readonly AnyWrite[]): Read[] {
    const key = this.#key();
    if (key === undefined || event.type !== "statement-accepted") return [];
    return writes.some((write) => write.key === key.key) ? [] : [{ key: key.key, expected: key.version }];
  }

  #key(): LoadedEntity<"key"> | undefined {
    return this.#held.keys.find(({ key }) => key.id === this.#submission.keyId);
  }

  #actor(): string {
    return this.#key()?.body === undefined ? "client" : `key:${this.#submission.keyId}`;
  }
}

function verdictOf(event: JudgingEvent, after: Transaction): Verdict {
  const { triesLeft } = after;
  if (after.state === "LOCKED") return refused("LOCKED", { triesLeft });
  switch (event.type) {
    case "statement-accepted":
      return { accepted: true };
    case "wrong-code":
      return refused("WRONG_CODE", { triesLeft });
    case "code-superseded":
      return refused("CODE_SUPERSEDED", { triesLeft });
    case "tries-lost":
      return refused("LOCKED", { triesLeft });
    case "tampered":
      return refused("TAMPERED");
    case "vetoed":
      return refused("REJECTED", event.reason === undefined ? {} : { rejectReason: event.reason });
    case "statement-unfit":
      return refused(event.reason);
  }
}

function refused(reason: Reason, more: { triesLeft?: number; rejectReason?: RejectReason } = {}): Verdict {
  return { accepted: false, reason, ...more };
}

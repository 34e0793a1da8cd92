// What must hold after every event, watched from outside the core: at the commits as they are applied, at the answers
// as they are given, at the executors' ledger.
import { equalBytes } from "@countersign/protocol";
import { guards } from "../../core/server/src/transaction/duplicate.ts";
import type { Delivery } from "../../core/server/src/delivery/delivery.ts";
import type { Key } from "../../core/server/src/identity/key.ts";
import type { User } from "../../core/server/src/identity/user.ts";
import type { HexId, Shard } from "../../core/server/src/store/entity.ts";
import type { Issue, State, Transaction } from "../../core/server/src/transaction/transaction.ts";
import type { Judged } from "../../core/server/src/verification/judged.ts";
import { ApprovalRules, type Together } from "./approval-rules.ts";
import type { Cluster, Entry, Row, Witness } from "./cluster.ts";
import { currentCode } from "./current-code.ts";
import { LeaseRules } from "./lease-rules.ts";
import { copyOfLife, newLife, type Life, type Made, type Promised } from "./life.ts";
import { checkStep, isThawed } from "./transaction-rules.ts";
import { digitsIn } from "./snapshot.ts";

/** A promise was broken. `rule` is one of a closed list, the rest tells people which transaction and how. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly rule: string;

  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`);
    this.rule = rule;
  }
}

export class Monitor implements Witness {
  readonly lives: Map<HexId, Life> = new Map<HexId, Life>();
  /** By statement; two keys may sign the same one. */
  readonly #made = new Map<string, Made[]>();
  /** How often each rule had something to look at: a run that looked at nothing proves nothing. */
  readonly looked: Map<string, number> = new Map<string, number>();
  readonly #stopped = new Set<string>();
  readonly #counters = new Map<string, string>();
  readonly #histories = new Map<string, string[]>();
  readonly #attempts = new Set<string>();
  readonly #leases = new LeaseRules();
  readonly approvals: ApprovalRules;
  #cluster: Cluster | undefined;
  /** The latest that the store's clock ever was. */
  latest = 0;
  violation: Violation | undefined;

  /** `together`: what an installation takes beside the key of who asks. */
  constructor(together?: Together) {
    this.approvals = new ApprovalRules(together, this);
  }

  watch(cluster: Cluster): void {
    this.#cluster = cluster;
  }

  /** Has seen what the other saw up to now. */
  goOnFrom(other: Monitor): void {
    for (const [txId, life] of other.lives) this.lives.set(txId, copyOfLife(life));
    for (const [name, made] of other.#made) this.#made.set(name, made);
    for (const [what, count] of other.looked) this.looked.set(what, count);
    for (const name of other.#stopped) this.#stopped.add(name);
    for (const [name, hash] of other.#counters) this.#counters.set(name, hash);
    for (const [name, history] of other.#histories) this.#histories.set(name, [...history]);
    for (const name of other.#attempts) this.#attempts.add(name);
    this.#leases.goOnFrom(other.#leases);
    this.approvals.goOnFrom(other.approvals);
    this.violation = other.violation;
  }

  /** Keeps the first one; what breaks after it may be its consequence. */
  fail(rule: string, detail: string): void {
    this.violation ??= new Violation(rule, detail);
  }

  look(what: string): void {
    this.looked.set(what, (this.looked.get(what) ?? 0) + 1);
  }

  life(txId: HexId): Life {
    const known = this.lives.get(txId);
    if (known !== undefined) return known;
    const made = newLife();
    this.lives.set(txId, made);
    return made;
  }

  applied(entry: Entry): void {
    const { change, shard, epoch } = entry;
    if (change.epoch !== epoch) this.fail("epoch", `a change of epoch ${change.epoch} went into epoch ${epoch}`);
    this.#scan(entry);
    // Verdicts first: what a transaction became is measured against them.
    for (const [name, row] of entry.after) {
      const before = entry.before.get(name);
      if (row?.key.type === "judged") this.#judged(row, before);
      if (row?.key.type === "key") this.#key(row.body as Key, before?.body as Key | undefined);
      if (row?.key.type === "bot-lease" || row?.key.type === "delivery") this.#ofBot(row, before, entry);
      if (row?.key.type === "user") this.#user(row.body as User, before?.body as User | undefined, entry);
    }
    for (const row of entry.after.values()) {
      if (row?.key.type === "transaction") this.#transaction(row.body as Transaction, entry, shard);
    }
  }

  undone(entry: Entry): void {
    for (const [name, row] of entry.after) {
      const before = entry.before.get(name);
      if (row?.key.type === "judged") this.#unjudged(row, before);
      if (row?.key.type === "user") this.#unthawed(row.body as User, before?.body as User | undefined);
      if (row?.key.type !== "transaction") continue;
      const life = this.life((row.body as Transaction).txId);
      life.bodies.pop();
      this.#keepsPromises(row.key.id, life);
    }
  }

  /** Somebody is told; from now on it has to be so, whatever dies. */
  promise(txId: HexId, what: string, holds: Promised["holds"]): void {
    this.look("promise");
    const life = this.life(txId);
    life.promised.push({ what, holds });
    this.#keepsPromises(txId, life);
  }

  /** The effect itself, in the world. `keyed`: the ledger takes one transaction once. */
  effect(txId: HexId, keyed: boolean): void {
    this.look("effect");
    const life = this.life(txId);
    if (keyed) life.keyedEffects = 1;
    else life.effects += 1;
    const state = life.bodies.at(-1)?.state;
    if (life.effects + life.keyedEffects > 1) this.fail("executed twice", `${txId} (${state})`);
    if (state === undefined || !EXECUTES.has(state)) this.fail("executed without right", `${txId} is ${state}`);
  }

  /** The core's answer to a statement: the same for ever. */
  answered(txId: HexId, hash: string, answer: string): void {
    this.look("answer");
    const { answers, verdicts } = this.life(txId);
    const first = answers.get(hash) ?? answer;
    answers.set(hash, first);
    if (first !== answer) this.fail("judged twice", `${txId}: first ${first}, then ${answer}`);
    const saved = verdicts.get(hash);
    if (saved !== answer) this.fail("acknowledged, not durable", `${txId}: ${answer} is told, ${saved} is saved`);
  }

  /** A key signed it: whoever has the bytes may hand them over. */
  signs(name: string, made: Made): void {
    this.#made.set(name, [...this.#madeOf(name), made]);
  }

  #madeOf(name: string | undefined): readonly Made[] {
    return name === undefined ? [] : (this.#made.get(name) ?? []);
  }

  /** A key was revoked or a user frozen, and somebody was told so: no acceptance from now on. */
  stop(name: string): void {
    this.#stopped.add(name);
    this.approvals.stopped(name);
  }

  /** Whether an executor under this claim acted before; from now on it did. */
  attempted(txId: HexId, claimId: string): boolean {
    const name = `${txId} ${claimId}`;
    const before = this.#attempts.has(name);
    this.#attempts.add(name);
    return before;
  }

  /** The state that a transaction has outside; undefined: there is none. */
  stateOf(txId: HexId): State | undefined {
    return this.lives.get(txId)?.bodies.at(-1)?.state;
  }

  #keepsPromises(txId: HexId, life: Life): void {
    for (const { what, holds } of life.promised) {
      if (!holds(life)) this.fail("acknowledged, not durable", `${txId}: ${what}, now ${life.bodies.at(-1)?.state}`);
    }
  }

  #transaction(body: Transaction, entry: Entry, shard: Shard): void {
    const life = this.life(body.txId);
    const before = life.bodies.at(-1);
    life.bodies.push(body);
    if (before?.issue.n !== body.issue.n || before.issue.epoch !== body.issue.epoch) {
      life.codes.add(currentCode(body));
    }
    if (before === undefined) return this.#isNoRepeat(body, entry.at);
    this.look("step");
    const broken = checkStep(before, body, life.effects + life.keyedEffects, entry.at);
    if (broken !== undefined) this.fail(broken.rule, `${body.txId}: ${broken.detail}`);
    if (!("confirmation" in before) && "confirmation" in body) this.#accepted(body, before, entry, life, shard);
    this.approvals.moved(before, body);
    const compared = life.counted.size - life.forgiven.size;
    if (compared > body.policy.tries) this.fail("compared codes > tries", `${body.txId}: ${compared}`);
    this.#keepsPromises(body.txId, life);
  }

  /** Equal content is not asked for twice unless the user is told that it is a repeat. */
  #isNoRepeat(body: Transaction, now: number): void {
    let open = 0;
    for (const { bodies } of this.lives.values()) {
      const other = bodies.at(-1);
      if (other === undefined || body.tenantId !== other.tenantId || body.userId !== other.userId) continue;
      if (other.state === "PENDING" && other.expiresAt > now && other.action === undefined) open += 1;
      if (body.approves !== undefined || other.approves !== undefined) continue;
      if (body.action !== undefined || other.txId === body.txId || !equalBytes(other.txDigest, body.txDigest)) continue;
      if (guards(other, now)) this.fail("paid twice", `${body.txId} is equal to ${other.txId}`);
    }
    if (open > MOST_OPEN) this.fail("limits", `${body.userId} has ${open} open transactions`);
    if (body.action?.type === "thaw") this.#isNoFlood(body, now);
  }

  /** One open THAW, and three an hour. */
  #isNoFlood({ userId, tenantId, createdAt }: Transaction, now: number): void {
    const thaws = [...this.lives.values()]
      .flatMap(({ bodies }) => bodies.at(-1) ?? [])
      .filter((other) => other.action?.type === "thaw" && other.userId === userId && other.tenantId === tenantId);
    this.look("thaw");
    const open = thaws.filter(
      ({ state, ...rest }) => state === "PENDING" && "expiresAt" in rest && rest.expiresAt > now,
    );
    const lately = thaws.filter((other) => other.createdAt > createdAt - HOUR_MS && other.createdAt <= createdAt);
    if (open.length > 1 || lately.length > MOST_THAWS) {
      this.fail("limits", `${userId} has ${open.length} THAWs open and asked for ${lately.length} within an hour`);
    }
  }

  /** By the enrolled key, over tx3 and the current code, before expiry, once. */
  #accepted(
    body: Extract<Transaction, { confirmation: unknown }>,
    before: Transaction,
    entry: Entry,
    life: Life,
    shard: Shard,
  ): void {
    this.look("acceptance");
    const { txId, tenantId, userId } = body;
    const wrong = (why: string): void => this.fail("accepted wrongly", `${txId}: ${why}`);
    const hash = [...life.verdicts].find(([, verdict]) => verdict === "accepted")?.[0];
    const made = this.#madeOf(hash).find(({ keyId }) => keyId === body.confirmation.keyId);
    if (before.state !== "PENDING") wrong(`out of ${before.state}`);
    if (entry.at >= before.expiresAt) wrong("after its end");
    if (hash === undefined || made === undefined) return wrong("no key signed this");
    const { person, approves, code, keyId } = made;
    if (person.tenantId !== tenantId || person.userId !== userId) wrong("another user's key");
    if (made.txId !== txId || !equalBytes(made.txDigest, body.txDigest)) wrong("over another transaction");
    if (!approves) wrong("it was a reject");
    const issue = life.counted.get(hash);
    if (issue === undefined) return wrong("its try was not counted");
    if (currentCode(body, issue) !== code) {
      wrong("not the code that was current when its try was counted");
    }
    const key = this.#cluster?.row(shard, { type: "key", tenant: tenantId, id: keyId })?.body as Key | undefined;
    if (key?.state !== "ACTIVE") wrong(`the key is ${key?.state}`);
    const user = this.#cluster?.row(shard, { type: "user", tenant: tenantId, id: userId })?.body as User | undefined;
    if (this.#stopped.has(`key ${keyId}`)) wrong("the key had been revoked");
    if (this.#stopped.has(`user ${tenantId} ${userId}`)) wrong("the user had been frozen");
    if (user?.state !== "ACTIVE") wrong(`the user is ${user?.state}`);
  }

  #judged(row: Row, before: Row | undefined): void {
    const body = row.body as Judged;
    const was = before?.body as Judged | undefined;
    const life = this.life(body.txId);
    const hash = row.key.id;
    if (body.verdict === undefined) {
      const { issue } = life.bodies.at(-1) ?? {};
      if (life.counted.has(hash)) this.fail("judged twice", `${body.txId}: one statement was counted twice`);
      if (issue !== undefined) life.counted.set(hash, issue);
      this.#useCounter(hash, body.keyId);
      return;
    }
    this.look("verdict");
    const verdict = body.verdict.accepted ? "accepted" : body.verdict.reason;
    const known = was?.verdict;
    if (known !== undefined) this.fail("judged twice", `${body.txId}: ${JSON.stringify(known)}, then ${verdict}`);
    if (COMPARED.has(verdict) && !life.counted.has(hash)) {
      this.fail("compared before it was counted", `${body.txId}: ${verdict}`);
    }
    const issue = life.counted.get(hash);
    const { issue: current } = life.bodies.at(-1) ?? {};
    if (verdict === "CODE_SUPERSEDED" && this.#cluster !== undefined && issue !== undefined) {
      if (this.#wasTakenBack(hash, life, current)) life.forgiven.add(hash);
    }
    life.verdicts.set(hash, verdict);
    if (verdict === "WRONG_CODE" || verdict === "accepted") this.#history(life).push(verdict);
  }

  /** Row 10: one counter, one statement. */
  #useCounter(hash: string, keyId: HexId): void {
    const name = this.#counterOf(hash, keyId);
    const first = this.#counters.get(name) ?? hash;
    this.#counters.set(name, first);
    if (first !== hash) this.fail("counter used twice", name);
  }

  #counterOf(hash: string, keyId?: HexId): string {
    const made = this.#madeOf(hash).find((one) => keyId === undefined || one.keyId === keyId);
    return `${made?.keyId} ${made?.counter}`;
  }

  /** Verdicts over codes of one user, in order. */
  #history({ bodies }: Life): string[] {
    const { tenantId, userId } = bodies.at(-1) ?? { tenantId: "", userId: "" };
    return this.#historyOf(tenantId, userId);
  }

  #historyOf(tenantId: HexId, userId: string): string[] {
    const name = `${tenantId} ${userId}`;
    const history = this.#histories.get(name) ?? [];
    this.#histories.set(name, history);
    return history;
  }

  /** It was the code of an epoch that the store has left. */
  #wasTakenBack(hash: string, { bodies }: Life, current: Issue | undefined): boolean {
    const codes = this.#madeOf(hash).map(({ code }) => code);
    const [body] = bodies;
    const last = bodies.at(-1);
    if (body === undefined || last === undefined) return false;
    return last.superseded.some((issue) => issue.epoch !== current?.epoch && codes.includes(currentCode(body, issue)));
  }

  #unjudged(row: Row, before: Row | undefined): void {
    const { txId, verdict } = row.body as Judged;
    const life = this.life(txId);
    if (verdict === undefined || before === undefined) life.counted.delete(row.key.id);
    if (verdict === undefined) return void this.#counters.delete(this.#counterOf(row.key.id));
    const told = life.verdicts.get(row.key.id);
    if (told === "WRONG_CODE" || told === "accepted") this.#history(life).pop();
    life.verdicts.delete(row.key.id);
    life.forgiven.delete(row.key.id);
    if (life.answers.has(row.key.id)) this.fail("acknowledged, not durable", `${txId}: a verdict that was told`);
  }

  #ofBot(row: Row, before: Row | undefined, entry: Entry): void {
    const body = row.body as Delivery;
    const isHandOut = row.key.type === "delivery" && body.hands !== (before?.body as Delivery | undefined)?.hands;
    if (isHandOut) this.look("hand-out");
    const broken = isHandOut
      ? this.#leases.ofHandOut(body, entry)
      : row.key.type === "bot-lease" && this.#leases.ofLease(row, before, entry, this.latest);
    if (typeof broken === "string") this.fail("fence", broken);
  }

  #key(body: Key, before: Key | undefined): void {
    if (before === undefined) return;
    if (before.state === "REVOKED" && body.state !== "REVOKED") this.fail("a way back", `key ${body.keyId} is revoked`);
    if (body.counter.highest < before.counter.highest) this.fail("counter", `key ${body.keyId} counts back`);
  }

  #user({ userId, tenantId, state, wrongInARow }: User, before: User | undefined, entry: Entry): void {
    const confirmed = entry.change.audit.some(({ event }) => event === "statement.accepted");
    if (before !== undefined && before.state !== "ACTIVE" && state === "ACTIVE") {
      if (isThawed(entry)) this.#stopped.delete(`user ${tenantId} ${userId}`);
      else this.fail("a way back", `${userId} was ${before.state}, and nobody thawed him`);
    }
    if (before !== undefined && wrongInARow < before.wrongInARow && !confirmed) {
      this.fail("a way back", `${userId}: wrong codes in a row are forgotten`);
    }
    const history = this.#historyOf(tenantId, userId);
    const inARow = history.length - 1 - history.lastIndexOf("accepted");
    if (inARow >= 5 && state === "ACTIVE") this.fail("limits", `${userId}: ${inARow} wrong codes in a row`);
  }

  #unthawed({ tenantId, userId, state }: User, before: User | undefined): void {
    if (state === "ACTIVE" && before !== undefined && before.state !== state) {
      this.#stopped.add(`user ${tenantId} ${userId}`);
    }
  }

  /** No code in any stored byte. */
  #scan({ after, change }: Entry): void {
    const digits = [...[...after.values()].flatMap((row) => row?.digits ?? []), ...digitsIn(change.audit)];
    for (const found of digits) {
      for (const { codes } of this.lives.values()) {
        if (codes.has(found)) this.fail("code at rest", change.audit.map(({ event }) => event).join());
      }
    }
  }
}

/** After Begin, also when another or a person was faster to say how it ended. */
const EXECUTES: ReadonlySet<State> = new Set(["EXECUTING", "EXECUTION_UNKNOWN", "EXECUTED", "EXECUTION_FAILED"]);
/** Of one user, by the policy of people.ts. */
const MOST_OPEN = 5;
/** Of one user in an hour. */
const MOST_THAWS = 3;
const HOUR_MS = 3_600_000;
/** Verdicts that tell something of a code. */
const COMPARED: ReadonlySet<string> = new Set(["accepted", "WRONG_CODE", "CODE_SUPERSEDED"]);

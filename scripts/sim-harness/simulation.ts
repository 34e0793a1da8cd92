// One life of an installation: two cores on one store, the people of people.ts, and a schedule that decides everything.
import { RejectReason, sha256, toHex, utf8 } from "@countersign/protocol";
import { saidOf } from "../../core/server/src/approval/outbox.ts";
import { isRefusal } from "../../core/server/src/rpc/refusal.ts";
import type { EntityKey, HexId, Shard } from "../../core/server/src/store/entity.ts";
import type { Draft } from "../../core/server/src/transaction/draft.ts";
import type { TransactionEvent } from "../../core/server/src/transaction/event.ts";
import { transactionKey } from "../../core/server/src/transaction/transaction-key.ts";
import type { Transaction } from "../../core/server/src/transaction/transaction.ts";
import { REAL_CALLS, type Calls } from "./calls.ts";
import { Cluster, SOUND } from "./cluster.ts";
import { execute } from "./executor.ts";
import { betterOf } from "./forger.ts";
import { makeStatement, type Typed } from "./malware.ts";
import { Monitor } from "./monitor.ts";
import { Network } from "./network.ts";
import { ALONE, botOf, executorOf, idOf, TENANTS, TOGETHER, type Person, type World } from "./people.ts";
import { Phones } from "./phone.ts";
import type { Plant } from "./plant.ts";
import { nextDueOf } from "./port.ts";
import { CoreProcess } from "./process.ts";
import { SeededRandom } from "./random.ts";
import { quiet, Scheduler } from "./scheduler.ts";
import type { Schedule, Setting, Step } from "./step.ts";
import { draftOf, eventOf } from "./wishes.ts";

type Of<D extends Step["do"]> = Extract<Step, { do: D }>;

/** A transaction that somebody was told of. */
export interface Known {
  readonly txId: HexId;
  readonly person: Person;
}

export class Simulation {
  readonly scheduler: Scheduler;
  readonly monitor: Monitor;
  readonly cluster: Cluster;
  readonly phones: Phones;
  readonly known: Known[] = [];
  readonly #setting: Setting;
  readonly #world: World;
  readonly #plant: Plant | undefined;
  readonly #calls: Calls;
  readonly #random: SeededRandom;
  readonly #network: Network;
  readonly #cores: CoreProcess[];
  readonly #statements: Typed[] = [];
  readonly #counters = new Map<HexId, number>();
  readonly #requests = new Map<string, HexId>();
  #births = 0;
  #executors = 0;

  /** `after`: another life, whose past is also this one's; it has ended, and nothing was under way in it. */
  constructor(seed: number, { setting }: Pick<Schedule, "setting">, plant?: Plant, after?: Simulation) {
    this.#world = setting.together === true ? TOGETHER : ALONE;
    const monitor = new Monitor(this.#world.rule);
    this.monitor = monitor;
    // Replicas answer late in a storm: much may be read before they do, and be taken back.
    const scheduler = new Scheduler(setting.stormy ? 8 : 0);
    this.scheduler = scheduler;
    this.#setting = setting;
    this.#plant = plant;
    this.#calls = { ...REAL_CALLS, ...plant?.calls?.(REAL_CALLS) };
    this.#random = new SeededRandom(seed, 2);
    this.cluster = Cluster.from(after?.cluster ?? this.#world.installation, { ...SOUND, ...plant?.rules }, monitor);
    monitor.watch(this.cluster);
    this.#network = new Network({ scheduler, monitor, setting, coreAt: (index) => this.#core(index) });
    this.phones = new Phones({ scheduler, monitor, setting, heldUntil: plant?.heldUntil ?? ((until) => until) });
    if (after !== undefined) this.#goOnFrom(after);
    this.#cores = [this.#start(0), this.#start(1)];
  }

  #goOnFrom(after: Simulation): void {
    this.monitor.goOnFrom(after.monitor);
    this.scheduler.trace.push(...after.scheduler.trace);
    this.known.push(...after.known);
    this.#statements.push(...after.#statements);
    for (const [keyId, counter] of after.#counters) this.#counters.set(keyId, counter);
    for (const [name, txId] of after.#requests) this.#requests.set(name, txId);
    this.#births = after.#births;
    this.#executors = after.#executors;
  }

  /** Takes a step and waits until everybody waits. */
  async take(step: Step): Promise<void> {
    if (step.do === "go") {
      await this.scheduler.take(step.pick, step.fate);
      return;
    }
    this.scheduler.note(`* ${JSON.stringify(step)}`);
    this.#begin(step);
    this.monitor.latest = Math.max(this.monitor.latest, this.cluster.now);
    await quiet();
  }

  #begin(step: Exclude<Step, { do: "go" }>): void {
    switch (step.do) {
      case "create":
        return this.#create(step);
      case "sign":
        return this.#sign(step);
      case "replay":
        return this.#replay(step);
      case "veto":
      case "cancel":
      case "resend":
      case "resolve":
        return this.#ask(step.core, this.#pick(step.tx), step.do, step.salt);
      case "foreign":
        return this.#foreign(step);
      case "approve":
        return this.#approve(step);
      case "thaw":
        return this.#thaw(step);
      case "edit":
        return this.#edit(step);
      case "execute":
        return this.#execute(step);
      case "revoke":
        return this.#revoke(step);
      case "sweep":
        return void this.#core(step.core).sweep();
      case "attach":
        return this.attach(step.core);
      case "look":
        return this.phones.beat(this.#core(step.core));
      case "crash":
        return this.crash(step.core);
      case "kill":
        return this.scheduler.drop(`executor ${step.which}`);
      case "pass":
        this.cluster.now += step.ms;
        return;
      case "edge":
        this.cluster.now = Math.max(this.cluster.now, (nextDueOf(this.cluster) ?? 0) + step.off);
        return;
      case "failover":
        return this.#failover(this.#person(step.person));
    }
  }

  #person(n: number): Person {
    const { people } = this.#world;
    return people[n % people.length] as Person;
  }

  #core(index: number): CoreProcess {
    return this.#cores[index % 2] as CoreProcess;
  }

  get cores(): readonly CoreProcess[] {
    return this.#cores;
  }

  #start(index: number): CoreProcess {
    this.#births += 1;
    const { cluster, scheduler, monitor } = this;
    const tell = (shard: Shard, keys: readonly EntityKey[], from: string): void => this.#tell(shard, keys, from);
    return new CoreProcess({
      ...{ cluster, scheduler, monitor, tell, setting: this.#setting, plant: this.#plant },
      name: `core ${index}.${this.#births}`,
      random: this.#random,
      skewMs: index === 0 ? 0 : this.#setting.skewMs,
    });
  }

  /** The other core hears of a commit where it matters at once; elsewhere its caches grow old by themselves. */
  #tell(shard: Shard, keys: readonly EntityKey[], from: string): void {
    if (!this.#setting.bot || !keys.some(({ type }) => type === "delivery")) return;
    for (const core of this.#cores) {
      if (core.name !== from) this.scheduler.add(core.name, "is told", () => core.port.hint(shard, keys));
    }
  }

  /** The process dies and is started again; what it had not written is lost, its recovery begins. */
  crash(index: number): void {
    const dead = this.#core(index);
    this.scheduler.drop(dead.name);
    this.phones.lose(dead);
    const made = this.#start(index % 2);
    this.#cores[index % 2] = made;
    for (const gone of dead.waiting) gone();
    void made.sweep();
  }

  attach(index: number): void {
    if (!this.#setting.bot) return;
    for (const tenantId of TENANTS)
      void this.phones.attach(this.#core(index), { tenantId, botId: botOf(tenantId) }).catch(() => {});
  }

  /** Of the user's shard, and of every directory shard that has moved. */
  #failover({ shard }: Person): void {
    const lost = this.cluster.failover(shard);
    this.scheduler.note(`  ${lost} commits lost`);
  }

  #pick(tx: number): Known | undefined {
    return this.known[tx % this.known.length];
  }

  /** As the relying party and everybody on the PC sees it. */
  body({ txId, person }: Known): Transaction | undefined {
    return this.cluster.row(person.shard, transactionKey(txId))?.body as Transaction | undefined;
  }

  #create(step: Of<"create">): void {
    const person = this.#person(step.person);
    const repeated = step.repeat ? this.known.findLast((known) => known.person === person) : undefined;
    const draft = draftOf(person, step, repeated?.txId);
    void this.#network.call("app", step.core, `create ${draft.requestId}`, async (given) => {
      const created = await this.#calls.create(given, draft);
      if (!isRefusal(created)) this.#created(person, draft, created.transaction);
      return created;
    });
  }

  #approve(step: Of<"approve">): void {
    const parent = this.#pick(step.tx);
    const person = this.#person(step.person);
    if (parent === undefined || person.tenantId !== parent.person.tenantId) return;
    const { tenantId, userId } = person;
    const { txId: parentId } = parent;
    void this.#network.call("app", step.core, `approve ${parentId} by ${userId}`, async (given) => {
      const begun = await this.#calls.approve(given, { tenantId, parentId, userId, actor: "sim" });
      if (!isRefusal(begun)) this.#tellOf(begun.transaction.txId, person);
      return begun;
    });
  }

  #thaw({ core, person: n, request }: Of<"thaw">): void {
    const person = this.#person(n);
    const { tenantId, userId } = person;
    const requestId = `thaw of ${userId} ${request}`;
    const asked = { tenantId, userId, requestId, createdBy: idOf(`app of ${tenantId}`) };
    void this.#network.call("app", core, requestId, async (given) => {
      const created = await this.#calls.thaw(given, { ...asked, bodyHash: sha256(utf8(requestId)) });
      if (!isRefusal(created)) this.#created(person, asked, created.transaction);
      return created;
    });
  }

  #edit({ person, row: n, how }: Of<"edit">): void {
    const { shard } = this.#person(person);
    const row = this.cluster.forge(shard, n, how, betterOf);
    if (row !== undefined) this.monitor.look("forged row");
    this.scheduler.note(`  ${row?.key.type ?? "nothing"}`);
  }

  #created(person: Person, draft: Pick<Draft, "tenantId" | "requestId">, { txId }: Transaction): void {
    const name = `${draft.tenantId} ${draft.requestId}`;
    const first = this.#requests.get(name) ?? txId;
    this.#requests.set(name, first);
    if (first !== txId) this.monitor.fail("one request twice", `${draft.requestId}: ${first} and ${txId}`);
    this.#tellOf(txId, person);
  }

  #tellOf(txId: HexId, person: Person): void {
    if (!this.known.some((known) => known.txId === txId)) this.known.push({ txId, person });
    this.monitor.promise(txId, "created", ({ bodies }) => bodies.length > 0);
  }

  #sign(step: Of<"sign">): void {
    const known = this.#pick(step.tx);
    const transaction = known && this.body(known);
    if (known === undefined || transaction === undefined) return;
    const other = this.#pick(step.tx + 1);
    const made = makeStatement({
      ...{ transaction, person: known.person, people: this.#world.people, kind: step.kind, salt: step.salt },
      other: other && this.body(other),
      shown: this.#setting.bot ? this.phones.codes(transaction.tag) : undefined,
      counters: this.#counters,
    });
    if (made === undefined) return;
    this.monitor.signs(made.name, made);
    this.#statements.push(made);
    if (!step.withheld) this.submit(step.core, made, known.txId);
  }

  #replay(step: Of<"replay">): void {
    const made = this.#statements[step.statement % this.#statements.length];
    if (made === undefined) return;
    const target = step.swap ? (this.#pick(step.statement + 1)?.txId ?? made.txId) : made.txId;
    this.submit(step.core, made, target);
  }

  submit(core: number, made: Typed, txId: HexId): void {
    const { signed, person, name } = made;
    const { tenantId } = person;
    void this.#network.call("client", core, `submit ${made.kind} ${txId}`, async (given) => {
      const answer = await this.#calls.submit(given, { txId, tenantId, signed });
      const told = isRefusal(answer) ? answer.refused : "accepted";
      this.scheduler.note(`  answers ${told}`);
      if (txId === made.txId && SAVED.has(told)) this.monitor.answered(txId, name, told);
      if (txId === made.txId && (told === "REJECTED" || told === "TAMPERED")) this.monitor.approvals.saidNo(txId);
      if (txId !== made.txId && told === "accepted") this.monitor.fail("accepted wrongly", `${txId}: swapped`);
      if (told === "accepted") {
        this.monitor.promise(txId, "accepted", ({ bodies }) => bodies.some((body) => "confirmation" in body));
      }
      return answer;
    });
  }

  /** Another relying party asks about what is not its own. */
  #foreign(step: { readonly core: number; readonly tx: number }): void {
    const known = this.#pick(step.tx);
    const made = this.#statements.findLast(({ txId }) => txId === known?.txId);
    if (known === undefined || made === undefined) return;
    const tenantId = TENANTS.find((id) => id !== known.person.tenantId);
    const { txId } = known;
    void this.#network.call("foreigner", step.core, `submit as another tenant ${txId}`, async (given) => {
      const answer = await this.#calls.submit(given, { txId, tenantId, signed: made.signed });
      const told = isRefusal(answer) ? answer.refused : "accepted";
      if (told !== "UNKNOWN_TRANSACTION") this.monitor.fail("tenants mixed", `${txId}: ${told}`);
      return answer;
    });
  }

  #ask(core: number, known: Known | undefined, what: "veto" | "cancel" | "resend" | "resolve", salt: number): void {
    if (known === undefined) return;
    const { txId, person } = known;
    const event = eventOf(what, salt, this.cluster.epochOf(person.shard));
    void this.#network.call(what, core, `${what} ${txId}`, async (given) => {
      const after = await this.#calls.happen(given, txId, event, "sim");
      if (isRefusal(after)) return after;
      this.#promiseOf(event, after);
      if (event.type !== "vetoed" || saidOf(after) !== "no") return after;
      // An approver's no is answered with what became of the transaction that it is about.
      const decided = await this.#calls.decide(given, after);
      this.monitor.approvals.refused(after, decided);
      return decided;
    });
  }

  #promiseOf(event: TransactionEvent, { txId, state, tenantId, userId }: Transaction): void {
    const { monitor } = this;
    const stays = state === "REJECTED" || state === "CANCELLED";
    if (event.type === "vetoed" || event.type === "cancelled") {
      if (stays) monitor.promise(txId, `told ${state}`, ({ bodies }) => bodies.at(-1)?.state === state);
    }
    if (event.type === "vetoed" && event.reason === RejectReason.NOT_ME) monitor.stop(`user ${tenantId} ${userId}`);
    if (event.type === "resolved") {
      monitor.promise(txId, "resolved", ({ bodies }) => bodies.at(-1)?.state === event.outcome);
    }
  }

  #execute(step: Of<"execute">): void {
    const known = this.#pick(step.tx);
    const transaction = known && this.body(known);
    if (known === undefined || transaction === undefined) return;
    const { txId, person } = known;
    const { scheduler, monitor } = this;
    const name = `executor ${step.who % 4}`;
    this.#executors += 1;
    const appId = executorOf(person.tenantId, step.who % 3);
    const idempotent = step.who % 2 === 0;
    // One that was killed and remembers its claim comes back with it; others draw a new one.
    const claimId = step.who < 4 ? `claim of ${name}` : `claim ${this.#executors}`;
    const { txDigest } = transaction;
    const options = { name, core: step.core, txId, txDigest, appId, idempotent, claimId, scheduler, monitor };
    void execute({ ...options, network: this.#network, calls: this.#calls });
  }

  #revoke(step: Of<"revoke">): void {
    const person = this.#person(step.person);
    const key = person.keys[step.key % person.keys.length];
    if (key === undefined) return;
    const { keyId } = key;
    const { tenantId } = person;
    void this.#network.call("admin", step.core, `revoke ${keyId}`, async (given) => {
      const answer = await this.#calls.revoke(given, { tenantId, keyId });
      if (!isRefusal(answer)) this.monitor.stop(`key ${keyId}`);
      return answer;
    });
  }

  /** Where somebody wrote past the core, and with whoever waits for such a shard's yes; nowhere else. */
  mayStandStill(shard: Shard): boolean {
    const { cluster } = this;
    return (
      cluster.isForged(shard) || (this.#world.rule !== undefined && cluster.shards.some((one) => cluster.isForged(one)))
    );
  }

  /** A byte-for-byte picture of what is stored, for comparing two lives. */
  digest(): string {
    const rows = [...this.cluster.rows()].map(
      ({ shard, row }) => `${shard} ${row.key.type} ${row.key.id} ${row.version}`,
    );
    return toHex(sha256(utf8(rows.join("\n"))));
  }
}

/** Verdicts that are saved: the same statement gets them again. */
const SAVED: ReadonlySet<string> = new Set([
  ...["accepted", "TAMPERED", "REJECTED", "COUNTER_REGRESSION", "POLICY_UNMET"],
  ...["WRONG_CODE", "CODE_SUPERSEDED", "LOCKED"],
]);

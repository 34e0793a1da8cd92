// Two real cores on one Redis with a replica, under payments, while masters die, hang, are cut off and are followed by
// replicas that are behind. docs/how-to/prove-it-survives.md
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deriveCode, fromHex, macKey, type MacKey } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { shardOfTransaction } from "../../core/server/src/store/entity.ts";
import { CallBook, Caller, CallError } from "./caller.ts";
import { startCoreProcess, type CoreProcess } from "./core-process.ts";
import { coreFlags, makeInstallation, type Installation } from "./installation.ts";
import { rankOf, type Step } from "./ledger.ts";
import type { Payment, Reachable } from "./payment.ts";
import { Payments } from "./payments.ts";
import { FAILOVERS, RedisPair, TROUBLES, type Trouble } from "./redis-pair.ts";

export interface RedisOptions {
  readonly failovers: number;
  readonly people: number;
  /** Each kind of trouble of a master that stays one, once. */
  readonly troubles: boolean;
  readonly say?: (line: string) => void;
}

export interface RedisResult {
  readonly failovers: number;
  readonly executed: number;
  readonly double: number;
  /** Milliseconds from the promotion to the next confirmed payment, sorted. */
  readonly servingAgainMs: readonly number[];
  readonly longestCallMs: number;
  readonly endings: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const CORES = 2;
const AT_A_TIME = 3;
/** Payments that get over between two failovers. */
const BETWEEN = 2;
const PATIENCE_MS = 180_000;
const DIGITS = 6;
const CUT_BYTES = 200;
const CUTS = 5;

/** Works in a folder of the caller's own. */
export async function redisCampaign(folder: string, options: RedisOptions): Promise<RedisResult> {
  const pair = await RedisPair.start(folder, CORES);
  const cores: CoreProcess[] = [];
  try {
    const stores = pair.cables.map(({ port }) => ["--store", `redis://127.0.0.1:${port}`]);
    const installation = await makeInstallation(folder, options.people, stores[0]);
    const started = stores.map((store) =>
      startCoreProcess({ args: coreFlags({ ...installation, store: [...store, "--store-replicas", "1"] }) }),
    );
    cores.push(...started);
    options.say?.("set up");
    const addresses = await Promise.all(cores.map(addressOf));
    options.say?.("two cores serve");
    const result = await new RedisCampaign(installation, pair, addresses).run(options);
    return { ...result, faults: [...result.faults, ...cores.flatMap(alarmsOf)] };
  } finally {
    await Promise.all(cores.map((core) => core.stop("SIGKILL")));
    await pair.stop();
  }
}

/** What a core called an alarm. */
function alarmsOf(core: CoreProcess): string[] {
  return core
    .output()
    .split("\n")
    .filter((line) => line.includes("ALARM"));
}

async function addressOf(core: CoreProcess): Promise<string> {
  const address = await core.serving;
  if (address === undefined) throw new Error(`a core did not start:\n${core.output()}`);
  return address;
}

class RedisCampaign {
  readonly #pair: RedisPair;
  readonly #payments: Payments;
  readonly #book = new CallBook();
  readonly #callers: readonly Caller[];
  readonly #codeKey: MacKey;
  readonly #faults: string[] = [];
  readonly #over = new AbortController();
  readonly #servingAgain: number[] = [];
  readonly #paid: Payment[] = [];
  #waiting: (() => void)[] = [];

  constructor(installation: Installation, pair: RedisPair, addresses: readonly string[]) {
    this.#pair = pair;
    this.#payments = new Payments(installation);
    this.#callers = addresses.map((address) => new Caller(address, this.#book));
    this.#codeKey = macKey(fromHex(readFileSync(join(installation.secrets, "code.key"), "utf8").trim()));
  }

  async run({ failovers, troubles, say }: RedisOptions): Promise<RedisResult> {
    const load = Array.from({ length: AT_A_TIME }, () => this.#payOn());
    try {
      await this.#progress(BETWEEN);
      for (let i = 0; i < failovers; i++) {
        await this.#failOver(i, say);
        if (i % 10 === 9) say?.(`${i + 1} failovers, ${this.#paid.length} payments, ${this.#double.length} double`);
      }
      if (troubles) for (const what of TROUBLES) await this.#trouble(what, say);
    } finally {
      this.#over.abort();
    }
    await Promise.all(load);
    await this.#judge();
    if (troubles) for (let i = 0; i < CUTS; i++) await this.#truncate(say);
    for (const caller of this.#callers) caller.close();
    const { longestMs, endings, faults } = this.#book;
    return {
      ...{ failovers, executed: this.#payments.ledger.executions.all, double: this.#double.length },
      servingAgainMs: this.#servingAgain.toSorted((a, b) => a - b),
      ...{ longestCallMs: Math.round(longestMs), endings: Object.fromEntries(endings) },
      faults: [...this.#faults, ...faults, ...this.#double.map((txId) => `${txId} was carried out twice`)],
    };
  }

  get #double(): readonly string[] {
    return this.#payments.ledger.executions.double;
  }

  async #failOver(number: number, say?: (line: string) => void): Promise<void> {
    const how = FAILOVERS[number % FAILOVERS.length]!;
    say?.(`failover ${number}: ${how}`);
    await this.#pair.failOver(how);
    const promoted = performance.now();
    // Without a replica nothing counts: serving again begins when there is one.
    await this.#pair.heal();
    say?.("healed");
    const progressed = await this.#progress(1);
    this.#servingAgain.push(Math.round(performance.now() - promoted));
    if (!progressed) this.#faults.push(`failover ${number} (${how}): nothing got over in time`);
    await this.#progress(BETWEEN - 1);
  }

  async #trouble(what: Trouble, say?: (line: string) => void): Promise<void> {
    await this.#pair.trouble(what);
    const over = performance.now();
    const progressed = await this.#progress(1);
    say?.(`${what}: the next payment was over ${(performance.now() - over).toFixed(0)} ms after the end of it`);
    if (!progressed) this.#faults.push(`${what}: nothing got over in time`);
    await this.#progress(BETWEEN);
  }

  /** What was acknowledged last is lost then, which no store can help: what matters is that it goes on with what is left. */
  async #truncate(say?: (line: string) => void): Promise<void> {
    await this.#pair.truncate(CUT_BYTES);
    const payment = await this.#payments.next();
    const began = performance.now();
    await this.#carry(payment);
    say?.(`truncated: a payment was over ${(performance.now() - began).toFixed(0)} ms after the restart`);
  }

  /** One payment after the other, whatever happens. */
  async #payOn(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const payment = await this.#payments.next();
      await this.#carry(payment);
    }
  }

  async #carry(payment: Payment): Promise<void> {
    try {
      await payment.carry(this.#reach());
      if (payment.ended !== undefined) this.#faults.push(`${payment.txId}: ${payment.ended}`);
    } catch (error) {
      const why = error instanceof CallError ? error.message : String(error);
      this.#faults.push(`${payment.txId}: was not carried on: ${why}`);
    }
    this.#paid.push(payment);
    this.#payments.over(payment);
    for (const tell of this.#waiting.splice(0)) tell();
  }

  #reach(): Reachable {
    const codes = (transaction: Transaction): Promise<string | undefined> => this.#codeOf(transaction);
    return { callers: this.#callers, signal: AbortSignal.timeout(PATIENCE_MS), codes };
  }

  /**
   * What the chat would show, from the store and K_code: a bot that lost its core waits for its lease, and payments are
   * to go on meanwhile. Undefined: the store does not say.
   */
  async #codeOf({ serverId, transactionId, nonce, txDigest }: Transaction): Promise<string | undefined> {
    const shard = shardOfTransaction(transactionId);
    try {
      const [key] = (await this.#pair.master.command(
        "KEYS",
        `countersign:{${shard}}:entity:transaction*${transactionId}`,
      )) as string[];
      const row = key === undefined ? undefined : String(await this.#pair.master.command("GET", key));
      if (row === undefined) return undefined;
      const { issue } = JSON.parse(row.split("\n")[3] ?? "") as { issue: { epoch: number; n: number } };
      const bytes = { nonce: new Uint8Array(nonce), txDigest: new Uint8Array(txDigest) };
      const bound = { serverId: fromHex(serverId), txId: fromHex(transactionId), issue, ...bytes };
      return deriveCode(this.#codeKey, bound, DIGITS).reveal();
    } catch {
      return undefined;
    }
  }

  /** Until so many more are over; false: they were not within a minute. */
  async #progress(count: number): Promise<boolean> {
    const wanted = this.#paid.length + count;
    const late = AbortSignal.timeout(PATIENCE_MS);
    while (this.#paid.length < wanted && !late.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        late.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return this.#paid.length >= wanted;
  }

  /** What was acknowledged is so, as the core says at the end. */
  async #judge(): Promise<void> {
    for (const payment of this.#paid) {
      const { txId } = payment;
      if (txId === undefined) continue;
      const step = this.#payments.ledger.acknowledged.get(txId) ?? "created";
      const reached = REACHED[await payment.state(this.#reach())];
      if (reached === undefined || rankOf(reached) < rankOf(step))
        this.#faults.push(`${txId} was acknowledged as ${step} and stands at ${reached ?? "an end without execution"}`);
    }
  }
}

const REACHED: Partial<Record<State, Step>> = {
  [State.PENDING]: "created",
  [State.CONFIRMED]: "confirmed",
  [State.EXECUTING]: "begun",
  [State.EXECUTED]: "executed",
};

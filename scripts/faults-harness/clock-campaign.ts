// Moves the clock of a real core by a year, forward and back, at each stage of a payment and in a storm, by libfaketime.
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { State } from "@countersign/proto/node/core/v1/content";
import { CallBook, Caller } from "./caller.ts";
import { startCoreProcess } from "./core-process.ts";
import { coreFlags, makeInstallation, type Installation } from "./installation.ts";
import { judgeData } from "./judge.ts";
import { Ledger, rankOf } from "./ledger.ts";
import { Payments } from "./payments.ts";
import { STAGES, type Payment, type Stage } from "./payment.ts";
import { LastingBot } from "./phone.ts";

/** Debian's package libfaketime. */
export const LIBFAKETIME: string | undefined = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
].find((path) => existsSync(path));

export interface ClockResult {
  /** By "STAGE JUMP": how the payment ended and how often it was carried out. */
  readonly endings: Readonly<Record<string, string>>;
  /** Payments under a clock that jumps all the time, by ending. */
  readonly storm: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const JUMPS = ["+365d", "-365d"] as const;
type Jump = (typeof JUMPS)[number];
const STORM_EVERY_MS = 40;
const PATIENCE_MS = 180_000;

/** Works in a folder of the caller's own. `storm`: payments while the clock jumps all the time. */
export async function clockCampaign(folder: string, storm: number): Promise<ClockResult> {
  const jumps = JUMPS.length * (STAGES.length - 1);
  const installation = await makeInstallation(folder, jumps + storm);
  const clock = new Clock(join(folder, "clock"));
  const core = startCoreProcess({ args: coreFlags(installation), env: clock.env });
  try {
    const address = await core.serving;
    if (address === undefined) throw new Error(`the core did not start:\n${core.output()}`);
    const result = await new ClockCampaign(installation, clock, address).run(storm);
    const end = await core.stop();
    return end === 0
      ? result
      : { ...result, faults: [...result.faults, `the core ended with ${end}: ${core.output()}`] };
  } finally {
    await core.stop("SIGKILL");
  }
}

/** What a process reads as the time of day. Timers go on as they are. */
class Clock {
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.set("+0");
    this.env = {
      ...{ LD_PRELOAD: LIBFAKETIME ?? "", FAKETIME_TIMESTAMP_FILE: file },
      ...{ FAKETIME_NO_CACHE: "1", DONT_FAKE_MONOTONIC: "1" },
    };
  }

  set(offset: Jump | "+0"): void {
    writeFileSync(`${this.#file}.new`, offset);
    renameSync(`${this.#file}.new`, this.#file);
  }
}

class ClockCampaign {
  readonly #installation: Installation;
  readonly #clock: Clock;
  readonly #address: string;
  readonly #payments: Payments;
  readonly #book = new CallBook();
  readonly #faults: string[] = [];

  constructor(installation: Installation, clock: Clock, address: string) {
    this.#installation = installation;
    this.#clock = clock;
    this.#address = address;
    this.#payments = new Payments(installation);
  }

  async run(storm: number): Promise<ClockResult> {
    const { bot, phone, folder, secrets } = this.#installation;
    const lasting = new LastingBot(() => this.#address, bot, phone);
    const caller = new Caller(this.#address, this.#book);
    try {
      const endings: Record<string, string> = {};
      for (const stage of STAGES.slice(0, -1)) {
        for (const jump of JUMPS) endings[`${stage} ${jump}`] = await this.#jumpAt(stage, jump, caller);
      }
      const ended = await this.#storm(storm, caller);
      this.#faults.push(...(await judgeData(join(folder, "data"), secrets, this.#lasting())));
      return { endings, storm: ended, faults: [...this.#faults, ...this.#book.faults] };
    } finally {
      caller.close();
      lasting.close();
    }
  }

  /** Where a payment ends whose core's clock jumps when it has got so far, and jumps back. */
  async #jumpAt(stage: Stage, jump: Jump, caller: Caller): Promise<string> {
    const payment = await this.#payments.next();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const reach = { callers: [caller], signal };
    await payment.carry(reach, stage);
    // A year on there is no code any more: what is to be signed is signed before.
    await payment.carry(reach, stage === "pending" ? "signed" : stage);
    this.#clock.set(jump);
    await payment.carry(reach);
    const after = await this.#endOf(payment, reach);
    this.#clock.set("+0");
    const back = await this.#endOf(payment, reach);
    if (back !== after) this.#faults.push(`${stage} ${jump}: ${after}, and ${back} when the clock came back`);
    const effects = this.#effectsOf(payment);
    if (jump === "+365d" && stage !== "begun" && effects > 0)
      this.#faults.push(`${stage} ${jump}: carried out a year after its end`);
    return `${after}, ${effects} times carried out`;
  }

  async #storm(count: number, caller: Caller): Promise<Record<string, number>> {
    const over = new AbortController();
    const jumping = this.#jumpUntil(over.signal);
    const given = AbortSignal.timeout(PATIENCE_MS);
    const payments = await Promise.all(Array.from({ length: count }, () => this.#payments.next()));
    const reach = { callers: [caller], signal: given };
    const stormy = payments.map((payment) => this.#carryBriefly(payment, caller));
    await Promise.all(stormy);
    over.abort();
    await jumping;
    this.#clock.set("+0");
    const ended: Record<string, number> = {};
    for (const payment of payments) {
      if (payment.txId === undefined) continue;
      const end = await this.#endOf(payment, reach);
      ended[end] = (ended[end] ?? 0) + 1;
    }
    return ended;
  }

  /** What no clock takes back: confirmed and claimed payments may expire. */
  #lasting(): Ledger {
    const { acknowledged, executions } = this.#payments.ledger;
    const lasting = new Ledger();
    for (const [txId, step] of acknowledged) {
      if (rankOf(step) >= rankOf("begun")) lasting.acknowledge(txId, step);
    }
    this.#faults.push(...executions.double.map((txId) => `${txId} was carried out twice`));
    return lasting;
  }

  /** A code that never comes is no fault here: its message's time was over. */
  async #carryBriefly(payment: Payment, caller: Caller): Promise<void> {
    const signal = AbortSignal.timeout(STORM_MS);
    try {
      await payment.carry({ callers: [caller], signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #jumpUntil(signal: AbortSignal): Promise<void> {
    const offsets = ["+0", "+365d", "+0", "-365d"] as const;
    for (let i = 0; !signal.aborted; i++) {
      const offset = offsets[i % offsets.length]!;
      this.#clock.set(offset);
      // Right for long enough that some get through between two jumps.
      await sleep(offset === "+0" ? 12 * STORM_EVERY_MS : STORM_EVERY_MS);
    }
  }

  /** The state by its name. Never both ended unexecuted and carried out. */
  async #endOf(payment: Payment, reach: Parameters<Payment["state"]>[0]): Promise<string> {
    const state = await payment.state(reach);
    const effects = this.#effectsOf(payment);
    const name = NAMES.get(state) ?? String(state);
    if (UNEXECUTED.includes(name) && effects > 0) this.#faults.push(`${payment.txId}: ${name} and carried out`);
    if (name === "EXECUTED" && effects !== 1)
      this.#faults.push(`${payment.txId}: EXECUTED and carried out ${effects} times`);
    return name;
  }

  #effectsOf(payment: Payment): number {
    return payment.txId === undefined ? 0 : this.#payments.ledger.effectsOf(payment.txId);
  }
}

const STORM_MS = 3000;
const NAMES = new Map<number, string>(Object.entries(State).map(([name, value]) => [value, name]));
const UNEXECUTED = ["EXPIRED", "REJECTED", "CANCELLED", "LOCKED", "TAMPERED", "UNDELIVERABLE", "PENDING", "CONFIRMED"];

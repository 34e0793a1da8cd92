// Random schedules: providers that answer, fail, swallow and lie, cores that die, users that ask for new codes, transactions
// that end. Seeded by fast-check; a failure prints the seed.
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import type { Platform } from "../identity/tenant.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { aLink, aTransaction, NOW } from "./testing/entities.ts";
import { Phone } from "./testing/phone.ts";
import { FakeBot, turn, World } from "./testing/world.ts";
import { CODE_MARGIN_MS } from "./wish.ts";

/** What becomes of one message: whether the phone shows it, and what the bot says about it. */
const FATES = ["sent", "not sent", "unknown, shown", "unknown, lost", "silent, shown", "silent, lost"] as const;
type Fate = (typeof FATES)[number];
const STEPS = ["1 s", "31 s", "crash", "resend", "wrong code", "end"] as const;
type Step = (typeof STEPS)[number];

/** A phone that knows when a code arrived. */
class WatchedPhone extends Phone {
  readonly arrivals: number[] = [];
  readonly #now: () => number;
  constructor(now: () => number) {
    super();
    this.#now = now;
  }
  override accept(message: Deliver): string {
    if (message.code !== "") this.arrivals.push(this.#now());
    return super.accept(message);
  }
}

class Run {
  readonly world: World = new World();
  readonly phone: WatchedPhone = new WatchedPhone(() => this.world.store.now());
  readonly #fates: Fate[];
  #transaction: Transaction = aTransaction({ expiresAt: NOW + 300_000 });
  #bot: FakeBot | undefined;
  #fence = 0;
  /** The provider works again from here on. */
  calm = false;

  constructor(fates: readonly Fate[]) {
    this.#fates = [...fates];
  }

  async start(platform: Platform): Promise<void> {
    await this.world.people([aLink("a", { platform })]);
    await this.world.take(this.#transaction, [{ type: "deliver-code", why: "created" }]);
    this.attach();
  }

  attach(): void {
    this.#bot?.engine.stop();
    this.#fence += 1;
    this.#bot = new FakeBot(this.world.given, this.phone, (message, bot) => this.#answer(message, bot), {
      fence: this.#fence,
    });
  }

  stop(): void {
    this.#bot?.engine.stop();
  }

  async step(step: Step): Promise<void> {
    const of = this.#transaction;
    const open = of.state === "PENDING" && this.world.store.now() < of.expiresAt;
    if (step === "1 s" || step === "31 s") await this.world.pass(step === "1 s" ? 1000 : 31_000, 1000);
    if (step === "crash") this.attach();
    if (step === "resend" && open) {
      await this.#take({ issue: { epoch: 1, n: of.issue.n + 1 } }, [{ type: "deliver-code", why: "resent" }]);
    }
    if (step === "wrong code" && open) {
      await this.#take({}, [
        { type: "notify", notice: { type: "WRONG_CODE", at: this.world.store.now() }, final: false },
      ]);
    }
    if (step === "end" && open) await this.end();
    await turn();
  }

  async end(): Promise<void> {
    const at = this.world.store.now();
    const standing = {
      state: "CANCELLED",
      reason: "CANCELLED",
      rejectReason: undefined,
      rejectedOnKey: false,
      detail: "",
      at,
    } as const;
    await this.#take(standing, [{ type: "notify", notice: { type: "CANCELLED", at }, final: true }]);
  }

  async #take(change: Partial<Transaction>, effects: Parameters<World["take"]>[1]): Promise<void> {
    const held = (await this.world.transaction(this.#transaction.txId)) ?? this.#transaction;
    this.#transaction = { ...held, ...change, version: held.version + 1 } as Transaction;
    await this.world.take(this.#transaction, effects);
  }

  async #answer(message: Deliver, bot: FakeBot): Promise<void> {
    const fate = this.calm ? "sent" : (this.#fates.shift() ?? "sent");
    if (fate === "not sent") return bot.failed(message, "not-sent");
    if (fate === "sent") return bot.sent(message);
    if (fate.endsWith("shown")) this.phone.accept(message);
    if (fate.startsWith("unknown")) return bot.failed(message, "unknown");
    return undefined;
  }
}

const schedule = fc.record({
  steps: fc.array(fc.constantFrom(...STEPS), { maxLength: 8 }),
  fates: fc.array(fc.constantFrom(...FATES), { maxLength: 12 }),
});

async function play(
  platform: Platform,
  { steps, fates }: { steps: readonly Step[]; fates: readonly Fate[] },
): Promise<Run> {
  const run = new Run(fates);
  await run.start(platform);
  for (const step of steps) await run.step(step);
  return run;
}

test("telegram: never two codes on the phone, none in the last 20 s, and none at the end", async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async (given) => {
      const run = await play("telegram", given);
      expect(run.phone.withCode().length).toBeLessThanOrEqual(1);
      expect(run.phone.arrivals.every((at) => at <= NOW + 300_000 - CODE_MARGIN_MS)).toBe(true);
      run.calm = true;
      run.attach();
      await run.world.pass(35_000, 1000);
      if ((await run.world.transaction(aTransaction().txId))?.state === "PENDING") await run.end();
      await run.world.pass(35_000, 1000);
      expect(run.phone.withCode()).toEqual([]);
      run.stop();
    }),
    { numRuns: 150 },
  );
}, 400_000);

test("mail: each code at most twice, and never after the end", async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async (given) => {
      const run = await play("mail", given);
      const counts = Map.groupBy(run.phone.codes, (code) => code);
      for (const times of counts.values()) expect(times.length).toBeLessThanOrEqual(2);
      const before = run.phone.codes.length;
      await run.end();
      run.calm = true;
      run.attach();
      await run.world.pass(35_000, 1000);
      expect(run.phone.codes).toHaveLength(before);
      run.stop();
    }),
    { numRuns: 150 },
  );
}, 400_000);

import { connectCore } from "../attach/core-connection.ts";
import { startBot, type Bot } from "../bot.ts";
import type { LogEvent } from "../log.ts";
import type { PaceLimits } from "../pace/pace.ts";
import { Secret } from "../secret.ts";
import { FakeChannel } from "./fake-channel.ts";
import { FakeCore } from "./fake-core.ts";
import { ManualTimer } from "./manual-timer.ts";

const FAST: PaceLimits = {
  identity: { perSecond: 1000, burst: 1000 },
  chat: { perSecond: 1000, burst: 1000 },
  longestWaitMs: 5_000,
};

/** Time passes here while messages are under way between bot and core: no lease may lapse because of that. */
const LEASE_MS = 900_000_000;

/** For tests: bots between a fake core and a fake channel, at 2026-11-22 13:30 UTC on a clock that stands still. */
export class BotRig {
  readonly core: FakeCore;
  readonly timer: ManualTimer = new ManualTimer(new Date("2026-11-22T13:30:00Z"));
  readonly logged: LogEvent[] = [];
  /** Of the bot that is started next. */
  channel: FakeChannel = new FakeChannel();
  pace: PaceLimits = FAST;
  #bot: Bot | undefined;

  private constructor(core: FakeCore) {
    this.core = core;
  }

  static async open(): Promise<BotRig> {
    return new BotRig(await FakeCore.start({ leaseMs: LEASE_MS }));
  }

  async start(token: string = this.core.token): Promise<Bot> {
    const { channel, core, pace, timer } = this;
    this.#bot = await startBot({
      channel,
      core: connectCore({ address: core.address, plaintext: true, token: new Secret("bot token", token) }),
      pace,
      zone: "Europe/Berlin",
      timer,
      log: { write: (event) => void this.logged.push(event) },
    });
    return this.#bot;
  }

  /** Lets the bot's retry timers run until the core has what it waits for. */
  async whileTimePasses(until: Promise<unknown>): Promise<void> {
    const done = new AbortController();
    void until.then(() => done.abort());
    while (!done.signal.aborted) await this.timer.advance(1_000);
  }

  /** Throws for what the bot did against the protocol. */
  async close(): Promise<void> {
    await this.#bot?.stop();
    this.core.stop();
    if (this.core.violations.length > 0) throw new Error(this.core.violations.join("; "));
  }
}

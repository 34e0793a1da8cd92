import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchBot } from "./bench-bot.ts";
import { bootstrapCore, PLATFORM, serveCore, type BenchCore } from "./bench-core.ts";
import type { BenchUser } from "./bench-user.ts";
import { usersFor } from "./bench-users.ts";
import { Calendar } from "./calendar.ts";
import { cpuSecondsOf } from "./figures.ts";
import { percentile } from "./pace.ts";
import { type Asked, Payments, signed } from "./payment.ts";
import { ensurePrivacyIdea } from "./peer-install.ts";
import type { PeerOptions, PeerResult, PeerSample, PeerVariant, PhaseSample } from "./peer.ts";
import { type Challenge, PrivacyIdea } from "./privacyidea.ts";
import { seedUsers } from "./seed-users.ts";
import { bearerOf, inFlight, Wire } from "./wire.ts";

/** Users of the peer: none has two challenges at a time. */
const PEER_USERS = 64;
/** Until the last reports of a bot are written. */
const SETTLE_MS = 200;

/** How both are made to work. */
interface Pace {
  readonly inFlight: number;
  readonly signal: AbortSignal;
}

/** CPU of a server over all items, and how long one takes. */
async function phase<T>(
  items: readonly T[],
  { inFlight: most, signal }: Pace,
  cpuSeconds: () => number,
  work: (item: T) => Promise<void>,
  settle: () => Promise<void> = async () => {},
): Promise<PhaseSample> {
  const times: number[] = [];
  const before = cpuSeconds();
  await inFlight(items, most, signal, async (item) => {
    const began = performance.now();
    await work(item);
    times.push(performance.now() - began);
  });
  await settle();
  return { micros: ((cpuSeconds() - before) * 1e6) / items.length, p50: percentile(times, 0.5) };
}

/** The core with its bot. */
class CoreSide {
  readonly #core: BenchCore;
  readonly #app: Wire;
  readonly #bot: BenchBot;
  readonly #payments: Payments;
  readonly #calendar: Calendar;
  readonly #pace: Pace;
  #told = 0;

  private constructor(core: BenchCore, app: Wire, bot: BenchBot, users: readonly BenchUser[], pace: Pace) {
    this.#core = core;
    this.#app = app;
    this.#bot = bot;
    this.#payments = new Payments(app);
    this.#calendar = new Calendar(users);
    this.#pace = pace;
  }

  static async start(folder: string, users: readonly BenchUser[], connections: number, pace: Pace): Promise<CoreSide> {
    const core = await serveCore(folder);
    const app = new Wire(core.address, connections, bearerOf(core.appToken));
    try {
      const bot = await BenchBot.attach(app, bearerOf(core.botToken), PLATFORM);
      return new CoreSide(core, app, bot, users, pace);
    } catch (error) {
      app.close();
      await core.stop();
      throw error;
    }
  }

  async confirm(count: number): Promise<PeerSample> {
    const { turns, waitMs } = this.#calendar.plan(count, Date.now());
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#pace.signal });
    const cpu = (): number => cpuSecondsOf(this.#core.pid);
    const codes = new Map<Asked, string>();
    const ask = await phase(turns, this.#pace, cpu, async (user) => {
      const asked = await this.#payments.ask(user);
      codes.set(asked, await this.#bot.codeFor(user.peerId, asked.transaction.tag));
    });
    const statements = await Promise.all([...codes].map(([asked, code]) => signed(asked, () => code)));
    this.#told += count;
    const answer = await phase(
      statements,
      this.#pace,
      cpu,
      async (statement) => void (await this.#payments.submit(statement)),
      async () => {
        await this.#bot.outcomes(this.#told);
        await sleep(SETTLE_MS);
      },
    );
    return { ask, answer };
  }

  async stop(): Promise<void> {
    this.#bot.cancel();
    this.#app.close();
    await this.#core.stop();
  }
}

async function confirmAtPeer(peer: PrivacyIdea, count: number, pace: Pace): Promise<PeerSample> {
  const cpu = (): number => peer.cpuSeconds;
  const ask: PhaseSample[] = [];
  const answer: PhaseSample[] = [];
  for (let done = 0; done < count; done += PEER_USERS) {
    const users = peer.users.slice(0, Math.min(PEER_USERS, count - done));
    const challenges: Challenge[] = [];
    ask.push(await phase(users, pace, cpu, async (user) => void challenges.push(await peer.trigger(user))));
    answer.push(await phase(challenges, pace, cpu, (challenge) => peer.check(challenge)));
  }
  return { ask: meanOf(ask), answer: meanOf(answer) };
}

/** Of rounds of equal length but the last. */
function meanOf(samples: readonly PhaseSample[]): PhaseSample {
  const mean = (figure: (sample: PhaseSample) => number): number =>
    samples.reduce((sum, one) => sum + figure(one), 0) / samples.length;
  return { micros: mean(({ micros }) => micros), p50: mean(({ p50 }) => p50) };
}

/** Runs in a folder that is empty and the caller's own. Throws PeerError where the peer cannot be had. */
export async function measurePeer(
  folder: string,
  options: PeerOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<PeerResult> {
  const { transactions, repeats, warmUp, inFlight: most, connections } = options;
  const python = await ensurePrivacyIdea(say, signal);
  const pace = { inFlight: most, signal };
  const [ours, theirs] = [join(folder, "core"), join(folder, "privacyidea")];
  for (const one of [ours, theirs]) mkdirSync(one);
  await bootstrapCore(ours);
  const users = await seedUsers(ours, usersFor({ ...options, bot: false }), signal, say);
  const peer = await PrivacyIdea.start(theirs, python, PEER_USERS, signal, say);
  try {
    const core = await CoreSide.start(ours, users, connections, pace);
    try {
      const confirm: Readonly<Record<PeerVariant, (count: number) => Promise<PeerSample>>> = {
        core: (count) => core.confirm(count),
        privacyidea: (count) => confirmAtPeer(peer, count, pace),
      };
      say(`warming up with ${warmUp} of each`);
      for (const variant of ["core", "privacyidea"] as const) await confirm[variant](warmUp);
      const samples: Record<PeerVariant, PeerSample[]> = { core: [], privacyidea: [] };
      for (let repeat = 1; repeat <= repeats; repeat++) {
        say(`repeat ${repeat} of ${repeats}`);
        for (const variant of ["core", "privacyidea"] as const) {
          samples[variant].push(await confirm[variant](transactions));
        }
      }
      return { version: python.version, samples };
    } finally {
      await core.stop();
    }
  } finally {
    await peer.stop();
  }
}

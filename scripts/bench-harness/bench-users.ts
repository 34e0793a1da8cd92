import { BenchBot } from "./bench-bot.ts";
import { PLATFORM, serveCore } from "./bench-core.ts";
import { setUpUser, type BenchUser } from "./bench-user.ts";
import type { P1Options } from "./p1.ts";
import { bearerOf, inFlight, Wire } from "./wire.ts";

/** One below the limit of 5 a minute: right after set-up the LINK still counts. A chat pauses at 10 unseen ones. */
const PROMPTS_A_USER = 4;
const SET_UP_AT_A_TIME = 16;

/** So many that nobody meets a limit and nobody has two transactions in flight: no repeat ever waits for a minute to pass. */
export function usersFor(options: Pick<P1Options, "transactions" | "repeats" | "warmUp" | "inFlight" | "bot">): number {
  const { transactions, repeats, warmUp, bot } = options;
  const all = (warmUp + repeats * transactions) * (bot ? 2 : 1);
  const never = Math.ceil((all + 1) / PROMPTS_A_USER);
  return Math.max(never, Math.min(transactions, 2 * options.inFlight));
}

/** Served by a core of its own, which ends afterwards: what is measured is a process that did nothing else. */
export async function setUpUsers(
  folder: string,
  count: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<BenchUser[]> {
  const core = await serveCore(folder);
  const metadata = bearerOf(core.appToken);
  const app = new Wire(core.address, 4, metadata);
  let bot: BenchBot | undefined;
  try {
    const began = performance.now();
    const attached = await BenchBot.attach(app, bearerOf(core.botToken), PLATFORM);
    bot = attached;
    const users: BenchUser[] = [];
    const indexes = Array.from({ length: count }, (_, index) => index);
    await inFlight(indexes, SET_UP_AT_A_TIME, signal, async (index) => {
      users.push(await setUpUser(app, metadata, attached, index));
    });
    await attached.detach();
    say(`set up ${count} users with key and chat in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return users;
  } finally {
    bot?.cancel();
    app.close();
    await core.stop();
  }
}

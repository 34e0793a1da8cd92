import { join } from "node:path";
import { Pace, type PaceLimits, type SecondChannel, type Timer } from "@countersign/bot-kit";
import { Role } from "@countersign/proto/node/admin/v1/admin_service";
import { Watch, type WatchState } from "./alert/watch.ts";
import { AdminDesk } from "./command/admin-desk.ts";
import { enumName } from "./command/asking.ts";
import type { Administrator } from "./config.ts";
import { CoreRefusal, type Core } from "./core/core-port.ts";
import type { AdminLog } from "./log.ts";
import { Post } from "./post/post.ts";
import { ProcessLock } from "./state/process-lock.ts";
import { StateFile } from "./state/state-file.ts";

export interface AdminBotGiven {
  readonly channel: SecondChannel;
  readonly pace: PaceLimits;
  readonly core: Core;
  readonly administrators: readonly Administrator[];
  /** Folder of this bot alone. */
  readonly state: string;
  readonly zone: string;
  readonly sealedHeads: boolean;
  readonly timer: Timer;
  readonly log: AdminLog;
}

/** A bot that runs. */
export interface AdminBot {
  /** Something that was seen elsewhere than in the core: another process uses the bot's token. */
  twin(): void;
  /** Rejects when it cannot go on. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/** Only who may read and stop: with another's token, who takes this process over could ask for what loosens. */
const ENOUGH: readonly Role[] = [Role.OPERATOR, Role.AUDITOR];

/**
 * Starts once core and provider know it. Rejects when one of them refuses it for good, when the token opens more than it
 * should, when another process has its state, or when the signal aborts first.
 */
export async function startAdminBot(given: AdminBotGiven, signal: AbortSignal): Promise<AdminBot> {
  const { channel, core, state, timer } = given;
  const lock = ProcessLock.take(join(state, "lock"));
  const ends = new AbortController();
  const either = AbortSignal.any([signal, ends.signal]);
  try {
    await checkRole(given, either);
    await channel.signIn(either);
    const post = new Post({ channel, pace: new Pace(given.pace, timer), timer });
    const file = new StateFile<WatchState>(join(state, "state.json"));
    const watch = new Watch({ ...given, post, file });
    const desk = new AdminDesk({ ...given, post, platform: channel.platform, watching: () => watch.watching() });
    const watched = watch.run(ends.signal);
    await channel.listen(desk, ends.signal);
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      ends.abort();
      await Promise.allSettled([watched, post.settled()]);
      await channel.close();
      core.close();
      lock.release();
    };
    return { twin: () => watch.note("twin"), ended: watched, stop: () => (stopping ??= stop()) };
  } catch (error) {
    ends.abort();
    await channel.close().catch(() => undefined);
    core.close();
    lock.release();
    throw error;
  }
}

async function checkRole({ core, timer, log }: AdminBotGiven, signal: AbortSignal): Promise<void> {
  for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
    signal.throwIfAborted();
    try {
      const { role, adminId } = await core.whoAmI();
      if (ENOUGH.includes(role)) return;
      throw new Error(
        `tokenFile holds a token of ${adminId}, whose role is ${enumName(Role, role)}: give this bot one of an OPERATOR, so that nobody who takes it over can ask for what loosens`,
      );
    } catch (error) {
      if (!(error instanceof CoreRefusal)) throw error;
      log.write({ event: "core-refused", reason: error.reason });
      if (error.isForGood) {
        throw new Error(
          `the core refuses the token in tokenFile (${error.reason}): it must be an operator's, cs_admin_…`,
          {
            cause: error,
          },
        );
      }
      await timer.sleep(retryMs, signal);
    }
  }
}

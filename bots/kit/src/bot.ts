import { Attachment } from "./attach/attachment.ts";
import type { CoreConnection } from "./attach/core-connection.ts";
import { DeliveryDesk } from "./attach/delivery-desk.ts";
import { EventDesk } from "./attach/event-desk.ts";
import { Conversation } from "./conversation.ts";
import type { BotLog } from "./log.ts";
import { Pace, type PaceLimits } from "./pace/pace.ts";
import type { SecondChannel } from "./second-channel.ts";
import type { Timer } from "./timer.ts";

/** What a bot is made of; only its `main.ts` puts it together. */
export interface BotGiven {
  readonly channel: SecondChannel;
  readonly core: CoreConnection;
  readonly pace: PaceLimits;
  /** IANA name of the zone in which times are shown. */
  readonly zone: string;
  readonly timer: Timer;
  readonly log: BotLog;
}

/** A bot that runs. */
export interface Bot {
  /** Settles when the bot has ended: rejects when the core or the provider refuses it for good. */
  readonly ended: Promise<void>;
  /** Stops listening, lets what is under way be reported, gives the lease back. */
  stop(): Promise<void>;
}

/**
 * Signs in at the provider, then attaches to the core; resolves once both hold. From then on both are held: the stream
 * by the attachment, the provider by the adapter. Rejects when either refuses this bot for good, or when the signal
 * aborts before both hold.
 */
export async function startBot(given: BotGiven, signal?: AbortSignal): Promise<Bot> {
  const { channel, core, log, timer, zone } = given;
  const stopping = new AbortController();
  const abort = (): void => stopping.abort();
  signal?.addEventListener("abort", abort, { once: true });
  const events = new EventDesk(log);
  const { platform, wording: style, hears = platform !== "mail" && platform !== "sms" } = channel;
  const manner = { zone, style, hears };
  const deliveries = new DeliveryDesk({ channel, pace: new Pace(given.pace, timer), timer, manner, log });
  const conversation = new Conversation({
    ask: async (event) => events.ask(event),
    say: (peerId, eventId, message) => deliveries.say(peerId, eventId, message),
    timer,
    manner,
    endToEndEncrypted: channel.endToEndEncrypted,
  });
  const listening = Promise.withResolvers<void>();
  const listeningEnds = new AbortController();
  const deepLink = await channel.signIn(stopping.signal);
  const attachment = new Attachment({
    core,
    hello: { platform, deepLink },
    events,
    deliveries,
    timer,
    log,
    onAttached: (leaseGone) => {
      const until = AbortSignal.any([leaseGone, listeningEnds.signal]);
      void channel.listen(conversation, until).then(listening.resolve);
    },
    onDeliver: ({ peerId, locale }) => conversation.learnLocale(peerId, locale),
  });
  const ended = attachment.run(stopping.signal);
  let stopped: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    log.write({ event: "stopping" });
    listeningEnds.abort();
    await deliveries.stop();
    await attachment.leave();
    stopping.abort();
    await ended.catch(() => undefined);
    await channel.close();
    core.close();
    log.write({ event: "stopped" });
  };
  const stop = async (): Promise<void> => (stopped ??= end());
  try {
    await Promise.race([listening.promise, ended]);
    stopping.signal.throwIfAborted();
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  return { ended, stop };
}

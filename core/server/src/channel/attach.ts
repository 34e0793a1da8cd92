// One stream of one bot. docs/protocol/delivery.md section 6.
import {
  Answer,
  AttachResponse,
  Fate,
  type AttachRequest,
  type Deliver,
  type Failed,
  type Hello,
  type PeerGone,
} from "@countersign/proto/node/channel/v1/channel_service";
import type { Report } from "../delivery/attempt.ts";
import { CHANNEL_REASONS } from "../delivery/delivery.ts";
import { DeliveryEngine } from "../delivery/engine.ts";
import { readObserved } from "../delivery/observed.ts";
import { StaleFenceError } from "../delivery/lane-fence.ts";
import type { CoreGiven } from "../given.ts";
import type { Platform } from "../identity/tenant.ts";
import type { Call, Send } from "../rpc/handler.ts";
import { badInput, refuse, type Refusal } from "../rpc/refusal.ts";
import { Hints } from "../transaction/hints.ts";
import { auditOfBot, type AnswerDraft, type BotState } from "./bot-state.ts";
import { isPeerIdentity } from "./claim-chat.ts";
import { takeCommand } from "./command.ts";
import { rememberDeepLink, isDeepLink } from "./deep-link.ts";
import { leaseToken } from "./lease-token.ts";
import { LEASE_MS, takeLease, type Lease } from "./lease.ts";
import { takeLinkClaim } from "./link-claim.ts";
import { PauseWatch } from "./pause-watch.ts";
import { takePeerGone } from "./peer-gone.ts";
import { takePeerQuestion } from "./peer-question.ts";
import { takeResend } from "./resend.ts";
import { takeVeto } from "./veto.ts";

type Event = NonNullable<AttachRequest["event"]>;

/** Hello, then the lease, then both directions until one side ends. */
export async function attach(
  given: CoreGiven,
  bot: BotState,
  platform: Platform,
  stream: { readonly requests: AsyncIterable<AttachRequest>; readonly call: Call; readonly send: Send<AttachResponse> },
): Promise<void | Refusal> {
  const requests = stream.requests[Symbol.asyncIterator]();
  const first = await requests.next();
  if (first.done === true) return undefined;
  const hello = first.value.event?.$case === "hello" ? first.value.event.value : undefined;
  const refusal = checkHello(hello, platform, given.development);
  if (refusal !== undefined || hello === undefined) return refusal;
  await rememberDeepLink(given, bot.name, hello.deepLink);
  const lease = await takeLease(given, bot.name, stream.call.signal, hello.leaseToken);
  if (lease === undefined) return undefined;
  const session = new Session(given, bot, { platform, lease, send: stream.send });
  try {
    return await session.run(requests, stream.call.signal);
  } finally {
    session.stop();
    await bot.withCounts((again) => lease.release(again));
  }
}

function checkHello(hello: Hello | undefined, platform: Platform, development: boolean): Refusal | undefined {
  if (hello === undefined) return badInput("event", "the first message of the stream must be hello");
  if (hello.platform !== platform) return badInput("hello.platform", `the token belongs to a bot of ${platform}`);
  if (!isDeepLink(hello.deepLink, development)) {
    return badInput(
      "hello.deep_link",
      "must be empty or an https, tg, matrix, mailto or sms address with {token} once, at most 512 ASCII characters",
    );
  }
  return undefined;
}

interface SessionOf {
  readonly platform: Platform;
  readonly lease: Lease;
  readonly send: Send<AttachResponse>;
}

/** Events of a bot that are being worked on at a time. */
const MOST_AT_WORK = 64;

class Session {
  readonly #given: CoreGiven;
  readonly #bot: BotState;
  readonly #of: SessionOf;
  readonly #engine: DeliveryEngine;
  /** How this ends, once it is known. */
  #end: { readonly refusal: Refusal } | { readonly error: Error } | undefined;
  /** Wakes who waits for the next event. */
  #turn = Promise.withResolvers<"ended">();
  readonly #work = new Set<Promise<void>>();
  readonly #pause: PauseWatch;
  /** By chat, while it is being noted that it is gone: what came from it later counts after that. */
  readonly #going = new Map<string, Promise<void>>();

  constructor(given: CoreGiven, bot: BotState, of: SessionOf) {
    this.#given = given;
    this.#bot = bot;
    this.#of = of;
    this.#pause = new PauseWatch(given, bot.name, () => this.#engine.wake());
    this.#engine = new DeliveryEngine(given, {
      seat: of.lease.seat,
      // Who is paused is handed nothing, and goes on to report and to hear.
      heldUntil: () => (this.#pause.isPaused ? 0 : of.lease.until),
      send: (message) => this.#deliver(message),
      fail: (error) => this.#fail(error),
    });
  }

  async run(requests: AsyncIterator<AttachRequest>, signal: AbortSignal): Promise<void | Refusal> {
    const over = new AbortController();
    const watching = this.#watchLease(AbortSignal.any([signal, over.signal]));
    const { seat } = this.#of.lease;
    const token = leaseToken(this.#given, seat, seat.fence);
    const welcome = { fence: BigInt(seat.fence), leaseMs: LEASE_MS, leaseToken: Buffer.from(token) };
    try {
      await this.#of.send({ event: { $case: "welcome", value: welcome } });
      await this.#pause.start();
      this.#engine.start();
      for (;;) {
        const next = await this.#next(requests);
        if (next === "ended") return await this.#ending();
        if (next.done === true) return undefined;
        const { event } = next.value;
        if (event === undefined) return badInput("event", "exactly one event is required");
        this.#begin(event);
        if (this.#work.size >= MOST_AT_WORK) await Promise.race(this.#work);
      }
    } finally {
      over.abort();
      await watching;
      await Promise.all(this.#work);
    }
  }

  // One promise a turn: racing against one that lives as long as the stream would keep every event in memory.
  async #next(requests: AsyncIterator<AttachRequest>): Promise<IteratorResult<AttachRequest> | "ended"> {
    this.#turn = Promise.withResolvers();
    return this.#end === undefined ? Promise.race([requests.next(), this.#turn.promise]) : "ended";
  }

  stop(): void {
    this.#pause.stop();
    this.#engine.stop();
  }

  /** A newer holder ends this one at once, not only when it speaks next. */
  async #watchLease(signal: AbortSignal): Promise<void> {
    const hints = new Hints(this.#given.store, "bot-lease", (id) => id === this.#bot.name.botId);
    try {
      while ((await hints.next(signal)) !== undefined) await this.#of.lease.check();
    } catch (error) {
      this.#fail(error);
    } finally {
      hints.close();
    }
  }

  async #deliver(message: Deliver): Promise<void> {
    if (message.code !== "") this.#bot.prompted();
    await this.#of.send({ event: { $case: "deliver", value: message } });
  }

  #begin(event: Event): void {
    const work: Promise<void> = this.#take(event)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  async #take(event: Event): Promise<void> {
    if (event.$case === "hello") throw new EventError("event", "hello comes once");
    if (event.value.fence !== BigInt(this.#of.lease.seat.fence)) {
      throw new StaleFenceError(`${event.$case} under fence ${event.value.fence}`);
    }
    switch (event.$case) {
      case "beat":
        await this.#bot.withCounts((again) => this.#of.lease.renew(again));
        // It may have lapsed for a moment, and what came meanwhile waits in the lane.
        this.#engine.wake();
        return this.#of.send({ event: { $case: "beatAck", value: {} } });
      case "sent":
        this.#bot.reported({ type: "sent" });
        return this.#engine.report(event.value.sequence, sentReport(event.value.providerId));
      case "failed":
        this.#bot.reported({ type: "failed", detail: event.value.detail });
        return this.#engine.report(event.value.sequence, failedReport(event.value));
      case "peerGone":
        return this.#gone(event.value);
      case "deliveryReceipt":
        return this.#engine.receipt(event.value.peerId, event.value);
      case "veto":
      case "linkClaim":
      case "resend":
      case "command":
      case "peerQuestion":
        return this.#answer(event);
    }
  }

  // A chat comes back by its next word, and one that became somebody else's has no say: neither may overtake this.
  async #gone(gone: PeerGone): Promise<void> {
    const { peerId } = gone;
    const before = this.#going.get(peerId) ?? Promise.resolve();
    const noted = before.then(() => takePeerGone(this.#given, this.#bot, gone));
    this.#going.set(peerId, noted);
    try {
      await noted;
    } finally {
      if (this.#going.get(peerId) === noted) this.#going.delete(peerId);
    }
  }

  async #answer(
    event: Extract<Event, { $case: "veto" | "linkClaim" | "resend" | "command" | "peerQuestion" }>,
  ): Promise<void> {
    const { eventId, peerId } = event.value;
    if (!/^[!-~]{1,128}$/.test(eventId))
      throw new EventError("event_id", "must be 1 to 128 printable ASCII characters");
    if (event.$case === "linkClaim" && !isPeerIdentity(event.value.peerIdentity))
      throw new EventError("link_claim.peer_identity", "must be at most 128 printable ASCII characters");
    await this.#going.get(peerId);
    const draft = await this.#bot.once(`${event.$case}\0${peerId}\0${eventId}`, () => this.#act(event));
    await this.#of.send({ event: { $case: "answer", value: Answer.create({ ...draft, eventId }) } });
  }

  #act(
    event: Extract<Event, { $case: "veto" | "linkClaim" | "resend" | "command" | "peerQuestion" }>,
  ): Promise<AnswerDraft> {
    switch (event.$case) {
      case "veto":
        return takeVeto(this.#given, this.#bot, event.value);
      case "linkClaim":
        return takeLinkClaim(this.#given, this.#bot, this.#of.platform, event.value);
      case "resend":
        return takeResend(this.#given, this.#bot, event.value);
      case "command":
        return takeCommand(this.#given, this.#bot, event.value);
      case "peerQuestion":
        return takePeerQuestion(this.#given, this.#bot, this.#of.platform, event.value);
    }
  }

  #fail(error: unknown): void {
    this.#end ??= endBy(error);
    this.#turn.resolve("ended");
  }

  async #ending(): Promise<Refusal> {
    const end = this.#end;
    if (end === undefined) throw new Error("the session ends for no reason");
    if ("error" in end) throw end.error;
    if (end.refusal === STALE) {
      await auditOfBot(this.#given, this.#bot.name, "bot.stale-fence", { fence: this.#of.lease.seat.fence });
    }
    return end.refusal;
  }
}

function endBy(error: unknown): { readonly refusal: Refusal } | { readonly error: Error } {
  if (error instanceof StaleFenceError) return { refusal: STALE };
  if (error instanceof EventError) return { refusal: badInput(error.field, error.message) };
  return { error: error instanceof Error ? error : new Error(String(error)) };
}

const STALE = refuse("STALE_FENCE", "fence: another process holds the lease of this bot. Attach again.");

class EventError extends Error {
  override readonly name = "EventError";
  readonly field: string;
  constructor(field: string, rule: string) {
    super(rule);
    this.field = field;
  }
}

const MOST_PROVIDER_ID = 512;
const MOST_RETRY_MS = 3_600_000;

/** What a provider calls a message is kept and given back, nothing else. Bot-controlled. */
function sentReport(providerId: string): Report {
  if (!/^[!-~]*$/.test(providerId) || providerId.length > MOST_PROVIDER_ID) {
    throw new EventError("sent.provider_id", `must be at most ${MOST_PROVIDER_ID} printable ASCII characters`);
  }
  return { type: "sent", providerId };
}

/** A fate that this core does not know is unknown, a reason CHANNEL_DOWN. No text of a provider gets in. */
function failedReport({ fate, reason, retryAfterMs, detail }: Failed): Report {
  const known = fate === Fate.NOT_SENT ? "not-sent" : fate === Fate.PERMANENT ? "permanent" : "unknown";
  return {
    type: "failed",
    fate: known,
    reason: CHANNEL_REASONS.find((one) => one === reason) ?? "CHANNEL_DOWN",
    retryAfterMs: Math.min(retryAfterMs, MOST_RETRY_MS),
    observed: readObserved(detail),
  };
}

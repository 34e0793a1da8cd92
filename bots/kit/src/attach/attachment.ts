import type {
  AttachRequest,
  AttachResponse,
  Deliver,
  Hello,
  Welcome,
} from "@countersign/proto/node/channel/v1/channel_service";
import { status, type ClientDuplexStream } from "@grpc/grpc-js";
import type { BotLog } from "../log.ts";
import type { Timer } from "../timer.ts";
import type { CoreConnection } from "./core-connection.ts";
import type { DeliveryDesk } from "./delivery-desk.ts";
import type { EventDesk } from "./event-desk.ts";
import { Session } from "./session.ts";

interface AttachmentGiven {
  readonly core: CoreConnection;
  readonly hello: Omit<Hello, "leaseToken">;
  readonly events: EventDesk;
  readonly deliveries: DeliveryDesk;
  readonly timer: Timer;
  readonly log: BotLog;
  /** Called at every Welcome; the signal aborts when the lease is gone. */
  readonly onAttached: (leaseGone: AbortSignal) => void;
  /** Called at every Deliver, before it is taken: names the language of its chat. Must not keep it. */
  readonly onDeliver: (deliver: Pick<Deliver, "peerId" | "locale">) => void;
}

/** The core refuses this bot, and will until somebody changes something. */
export class AttachRefused extends Error {
  override readonly name: string = "AttachRefused";
}

type Stream = ClientDuplexStream<AttachRequest, AttachResponse>;

const REFUSALS: readonly number[] = [status.UNAUTHENTICATED, status.PERMISSION_DENIED];
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 10_000;
const GOODBYE_MS = 2_000;

/** Keeps one stream to the core for as long as the bot runs. */
export class Attachment {
  readonly #given: AttachmentGiven;
  #stream: Stream | undefined;
  #session: Session | undefined;
  #wasAttached = false;
  #attempts = 0;
  /** From the last Welcome: the core gives this process its lease back without waiting. Kept nowhere else. */
  #leaseToken: Buffer = Buffer.alloc(0);

  constructor(given: AttachmentGiven) {
    this.#given = given;
  }

  /**
   * Attaches, and attaches again whenever the stream ends, until the signal aborts. Rejects with AttachRefused when the
   * core knows neither token nor platform and never did; after a first success even that is retried, since tokens come
   * back.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { timer, log } = this.#given;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const { code, welcomed } = await this.#attach(signal);
      if (signal.aborted) return;
      if (!this.#wasAttached && REFUSALS.includes(code)) {
        throw new AttachRefused("the core refuses this bot: its token is unknown, revoked or of another platform");
      }
      retryMs = welcomed ? FIRST_RETRY_MS : Math.min(retryMs * 2, LAST_RETRY_MS);
      const spread = retryMs * (0.5 + Math.random() / 2);
      log.write({ event: "detached", status: code, retryInMs: Math.round(spread) });
      await timer.sleep(spread, signal);
    }
  }

  /** Says goodbye, so that the lease ends at once and a standby can take over. */
  async leave(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    // A Deliver that crosses our goodbye is not reported: the core finds it open at the end of the stream.
    this.#session?.end();
    const gone = new Promise<void>((resolve) => void stream.once("status", () => resolve()));
    stream.end();
    const timeout = setTimeout(() => stream.cancel(), GOODBYE_MS);
    await gone;
    clearTimeout(timeout);
  }

  async #attach(signal: AbortSignal): Promise<{ readonly code: number; readonly welcomed: boolean }> {
    const { core, hello, events } = this.#given;
    const stream = core.clientOf(this.#attempts).attach(core.metadata);
    this.#attempts += 1;
    this.#stream = stream;
    let session: Session | undefined;
    stream.on("data", (response: AttachResponse) => {
      session = this.#received(response, session, stream) ?? session;
    });
    // Tells the same as "status", and would end the process if nobody listened.
    stream.on("error", () => undefined);
    const ended = new Promise<number>((resolve) => stream.once("status", ({ code }) => resolve(code)));
    const cancel = (): void => stream.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    stream.write({ event: { $case: "hello", value: { ...hello, leaseToken: this.#leaseToken } } });
    const code = await ended;
    signal.removeEventListener("abort", cancel);
    session?.end();
    this.#stream = undefined;
    events.detached(code);
    return { code, welcomed: session !== undefined };
  }

  #received(response: AttachResponse, session: Session | undefined, stream: Stream): Session | undefined {
    const { event } = response;
    if (event === undefined) return undefined;
    if (event.$case === "welcome") return session ?? this.#welcomed(event.value, stream);
    // Anything before Welcome comes under no fence: a core that sends it is not ours.
    if (session === undefined) stream.cancel();
    else if (event.$case === "deliver") {
      this.#given.onDeliver(event.value);
      this.#given.deliveries.take(event.value, session);
    } else if (event.$case === "answer") this.#given.events.answered(event.value);
    else session.beatAcknowledged();
    return undefined;
  }

  #welcomed(welcome: Welcome, stream: Stream): Session {
    const { timer, log, events, onAttached } = this.#given;
    const session = new Session(welcome, (request) => void stream.write(request), timer);
    log.write({ event: "attached", fence: welcome.fence.toString(), leaseMs: welcome.leaseMs });
    const over = new AbortController();
    stream.once("status", () => over.abort());
    void this.#keepLease(session, stream, over.signal);
    this.#session = session;
    this.#wasAttached = true;
    this.#leaseToken = welcome.leaseToken;
    events.attached(session);
    onAttached(over.signal);
    return session;
  }

  async #keepLease(session: Session, stream: Stream, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.#given.timer.sleep(session.leaseMs / 3, over);
      if (over.aborted) return;
      if (!session.holdsLease()) {
        this.#given.log.write({ event: "lease-lost" });
        stream.cancel();
        return;
      }
      session.beat();
    }
  }
}

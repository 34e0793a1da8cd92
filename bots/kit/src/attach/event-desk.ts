import { Answer, type AttachRequest } from "@countersign/proto/node/channel/v1/channel_service";
import type { BotLog } from "../log.ts";
import type { Session } from "./session.ts";

type Event = NonNullable<AttachRequest["event"]>;
/** What a bot reports on its own account; the fence is filled in when it is written. */
export type BotEvent = Extract<
  Event,
  { $case: "veto" | "linkClaim" | "resend" | "command" | "peerGone" | "peerQuestion" | "deliveryReceipt" }
>;

interface Pending {
  readonly event: BotEvent;
  readonly answer: Promise<Answer>;
  readonly settle: (answer: Answer) => void;
  refusals: number;
}

const REFUSALS_TAKEN = 3;
const INVALID_ARGUMENT = 3;

/**
 * Events of users on their way to the core. One is kept, and written again on the next stream under the next fence, until
 * the core has answered; its id makes the repetition harmless.
 */
export class EventDesk {
  readonly #pending = new Map<string, Pending>();
  readonly #log: BotLog;
  #session: Session | undefined;

  constructor(log: BotLog) {
    this.#log = log;
  }

  /** Resolves with the core's answer, however long the core is away. The same event id while under way: the same answer. */
  ask(event: BotEvent): Promise<Answer> {
    const known = this.#pending.get(event.value.eventId);
    if (known !== undefined) return known.answer;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const pending: Pending = { event, answer: promise, settle: resolve, refusals: 0 };
    this.#pending.set(event.value.eventId, pending);
    this.#write(pending);
    return promise;
  }

  attached(session: Session): void {
    this.#session = session;
    for (const pending of this.#pending.values()) this.#write(pending);
  }

  answered(answer: Answer): void {
    const pending = this.#pending.get(answer.eventId);
    if (pending === undefined) return;
    this.#pending.delete(answer.eventId);
    pending.settle(answer);
  }

  /**
   * The stream ended with this gRPC status. An event that was under way each time the core refused the stream as
   * malformed is given up after three times: people write what they like, and one message must not stop all others.
   */
  detached(status: number): void {
    this.#session = undefined;
    if (status !== INVALID_ARGUMENT) return;
    for (const pending of this.#pending.values()) {
      pending.refusals += 1;
      if (pending.refusals < REFUSALS_TAKEN) continue;
      this.#log.write({ event: "event-dropped", kind: pending.event.$case });
      this.answered(Answer.create({ eventId: pending.event.value.eventId }));
    }
  }

  #write(pending: Pending): void {
    const session = this.#session;
    if (session === undefined) return;
    session.write({ event: withFence(pending.event, session.fence) });
    // The core sends no answer to these: written is all there is.
    const { $case } = pending.event;
    if ($case === "peerGone" || $case === "deliveryReceipt")
      this.answered(Answer.create({ eventId: pending.event.value.eventId }));
  }
}

function withFence(event: BotEvent, fence: bigint): BotEvent {
  switch (event.$case) {
    case "veto":
      return { $case: "veto", value: { ...event.value, fence } };
    case "linkClaim":
      return { $case: "linkClaim", value: { ...event.value, fence } };
    case "resend":
      return { $case: "resend", value: { ...event.value, fence } };
    case "command":
      return { $case: "command", value: { ...event.value, fence } };
    case "peerGone":
      return { $case: "peerGone", value: { ...event.value, fence } };
    case "peerQuestion":
      return { $case: "peerQuestion", value: { ...event.value, fence } };
    case "deliveryReceipt":
      return { $case: "deliveryReceipt", value: { ...event.value, fence } };
  }
}

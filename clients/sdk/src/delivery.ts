import type { Timestamp } from "@countersign/proto/web-google/protobuf/timestamp";
import {
  CodeServiceGetDeliveryRequest,
  CodeServiceWatchDeliveryRequest,
  DeliveryEventType,
  DeliveryState,
  type DeliveryAttempt as WireAttempt,
  type DeliveryEvent as WireEvent,
} from "@countersign/proto/web/core/v1/code_service";
import { ask, pause, type CallGiven, type Pause } from "./call.ts";
import type { CoreConnection } from "./core-connection.ts";
import { GET_DELIVERY, WATCH_DELIVERY } from "./methods.ts";
import { resumedByCursor } from "./watch.ts";

/** What happened to a message, docs/protocol/delivery.md section 4. "UNSPECIFIED": of a core newer than this program. */
export type DeliveryEventName = Exclude<keyof typeof DeliveryEventType, "UNRECOGNIZED">;
/** What stands about a message now. */
export type DeliveryStateName = Exclude<keyof typeof DeliveryState, "UNRECOGNIZED">;

/** One event of one message; neither code nor text is in it. */
export interface DeliveryEvent {
  /** Unique within the transaction. */
  readonly eventId: string;
  readonly type: DeliveryEventName;
  /** By the core's clock. */
  readonly at: Date;
  /** telegram, matrix, mail, sms or sandbox. */
  readonly platform: string;
  readonly linkId: string;
  /** Of RETRIED, FAILED and WITHDRAWN, such as CHANNEL_DOWN or superseded; else empty. */
  readonly reason: string;
  /** Number of the code it is about, from 1; 0: about none. */
  readonly issue: number;
}

/** One attempt over one channel. */
export interface DeliveryAttempt extends Pick<DeliveryEvent, "platform" | "linkId" | "reason" | "issue" | "at"> {
  readonly state: DeliveryStateName;
  /** Oldest first; the newest 64. */
  readonly events: readonly DeliveryEvent[];
}

/** Every attempt to deliver the code of a transaction, oldest first (app token). Throws CoreError. */
export async function getDelivery(
  core: CoreConnection,
  transactionId: string,
  given: CallGiven,
): Promise<DeliveryAttempt[]> {
  const request = CodeServiceGetDeliveryRequest.create({ transactionId });
  const { attempts } = await ask(core.port, GET_DELIVERY, request, given);
  return attempts.map(attemptOf);
}

/**
 * What has happened to the messages of a transaction, then what happens, each event once, until the transaction has ended
 * and its last message was dealt with (app token). Goes on over broken connections. Throws the CoreError of a core that
 * stays away for about a minute, and any other error at once; ends quietly when the signal aborts.
 */
export async function* watchDelivery(
  core: CoreConnection,
  transactionId: string,
  given: CallGiven,
  signal: AbortSignal,
  wait: Pause = pause,
): AsyncGenerator<DeliveryEvent, void> {
  const seen = new Set<string>();
  const open = (cursor: string): AsyncIterable<{ event: WireEvent | undefined; cursor: string }> => {
    const request = CodeServiceWatchDeliveryRequest.create({ transactionId, cursor });
    return core.port.stream(WATCH_DELIVERY, request, { token: given.token, signal });
  };
  for await (const { event } of resumedByCursor(open, signal, wait)) {
    if (event === undefined || seen.has(event.eventId)) continue;
    seen.add(event.eventId);
    yield eventOf(event);
  }
}

function attemptOf({ platform, linkId, state, reason, issue, at, events }: WireAttempt): DeliveryAttempt {
  return { platform, linkId, state: stateOf(state), reason, issue, at: dateOf(at), events: events.map(eventOf) };
}

function eventOf({ eventId, type, at, platform, linkId, reason, issue }: WireEvent): DeliveryEvent {
  return { eventId, type: typeOf(type), at: dateOf(at), platform, linkId, reason, issue };
}

const TYPES = namesOf(DeliveryEventType);
const STATES = namesOf(DeliveryState);

function typeOf(number: number): DeliveryEventName {
  return (TYPES.get(number) ?? "UNSPECIFIED") as DeliveryEventName;
}

function stateOf(number: number): DeliveryStateName {
  return (STATES.get(number) ?? "UNSPECIFIED") as DeliveryStateName;
}

function namesOf(numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(numbers).flatMap(([name, number]) => (number < 0 ? [] : [[number, name]])));
}

function dateOf(at: Timestamp | undefined): Date {
  return new Date(at === undefined ? 0 : Number(at.seconds) * 1000 + Math.floor(at.nanos / 1_000_000));
}

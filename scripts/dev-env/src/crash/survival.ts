import type { Shown } from "../chat/chat-service.ts";
import type { Committed } from "./store-on-disk.ts";
import { effectsOf } from "./store-on-disk.ts";
import type { Told } from "./client.ts";
import type { Effect } from "./effect.ts";

/** What happens at most once while one user does one thing, whatever is asked again after a crash. */
const ONCE: readonly RegExp[] = [
  /^(transaction|execution|user)\./,
  /^(statement\.accepted|statement\.refused.*)$/,
  /^(enrolment\.begun|key\.enrolled|link\.made|link\.claimed|link\.token-used|peer\.pointed)$/,
];

/** Effects that the trail of one flow holds more than once and must not. */
export function tooOften(trail: readonly Committed[]): Effect[] {
  const once = effectsOf(trail).filter((effect) => ONCE.some((rule) => rule.test(effect)));
  return [...new Set(once.filter((effect, i) => once.indexOf(effect) !== i))];
}

/** Change sets that the store acknowledged and does not hold. */
export function lost(acknowledged: readonly string[], trail: readonly Committed[]): string[] {
  const held = new Set(trail.map(({ changeId }) => changeId));
  return acknowledged.filter((changeId) => !held.has(changeId));
}

const ORDER = ["PENDING", "CONFIRMED", "EXECUTING", "EXECUTED"];

/** What the client was told, and what is not so: a transaction that is not in the trail, a state that was taken back. */
export function takenBack(told: readonly Told[], trail: readonly Committed[]): string[] {
  const created = trail
    .flatMap(({ events }) => events)
    .filter(({ event }) => event === "transaction.created")
    .map(({ subject }) => subject);
  const unknown = told.flatMap(({ transactionId }) =>
    typeof transactionId === "string" && !created.includes(`transaction:${transactionId}`) ? [transactionId] : [],
  );
  const places = told.map(({ state }) => ORDER.indexOf(String(state))).filter((place) => place >= 0);
  const back = places.flatMap((place, i) => (place < (places[i - 1] ?? 0) ? [`told ${ORDER[place]} again`] : []));
  return [...new Set([...unknown, ...back])];
}

/** Ids of the messages that showed a code at any time. */
export function messagesWithCode(shown: readonly Shown[]): Set<string> {
  return new Set(shown.filter(({ text }) => /^Code:? [\d ]+$/m.test(text)).map(({ messageId }) => messageId));
}

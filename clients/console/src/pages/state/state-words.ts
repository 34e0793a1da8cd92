import { DeliveryState } from "@countersign/proto/web/core/v1/code_service";
import { State } from "@countersign/proto/web/core/v1/content";
import { KeyState } from "@countersign/proto/web/core/v1/key_service";
import { LinkState } from "@countersign/proto/web/core/v1/link_service";
import { UserState } from "@countersign/proto/web/core/v1/user_service";
import type { Tone } from "../../ui/state-badge.tsx";

// How states are to be taken; what a newer core adds is plain.

const GOOD: readonly State[] = [State.EXECUTED, State.APPROVED];
const BAD: readonly State[] = [
  ...[State.TAMPERED, State.LOCKED, State.UNDELIVERABLE, State.REJECTED],
  ...[State.EXECUTION_FAILED, State.EXECUTION_UNKNOWN],
];

/** States in which something is still to come. */
export const OPEN_STATES: readonly State[] = [State.PENDING, State.PARTIAL, State.CONFIRMED, State.EXECUTING];

/** Of a transaction. */
export function toneOfState(state: State): Tone {
  if (GOOD.includes(state)) return "good";
  if (BAD.includes(state)) return "bad";
  return OPEN_STATES.includes(state) ? "waiting" : "plain";
}

/** Of a message. */
export function toneOfDelivery(state: DeliveryState): Tone {
  if (state === DeliveryState.SENT) return "good";
  if (state === DeliveryState.FAILED || state === DeliveryState.UNKNOWN) return "bad";
  return state === DeliveryState.WITHDRAWN ? "plain" : "waiting";
}

/** Of a user. */
export function toneOfUser(state: UserState): Tone {
  return state === UserState.ACTIVE ? "good" : "bad";
}

/** Of a key. */
export function toneOfKey(state: KeyState): Tone {
  if (state === KeyState.ACTIVE) return "good";
  return state === KeyState.PROVISIONAL ? "waiting" : "plain";
}

/** Of a channel. */
export function toneOfLink(state: LinkState): Tone {
  if (state === LinkState.LINKED) return "good";
  return state === LinkState.WAITING || state === LinkState.CLAIMED ? "waiting" : "bad";
}

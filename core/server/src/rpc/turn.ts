import type { CoreGiven } from "../given.ts";
import { networkOf } from "./network.ts";
import { runFor, type RunningCall } from "./running-call.ts";
import { shedAnswer } from "./shed.ts";
import type { StatusError } from "./status-error.ts";
import { isUrgent } from "./urgent.ts";

/** Does the work of a call when its turn comes; not at all if the call is over by then: that is `dropped` instead. */
export type Turn = (life: RunningCall, work: () => Promise<void>, dropped: () => void) => void;

interface RawCall {
  getPath(): string;
  getPeer(): string;
}

/** A turn for a unary call that came just now, or what it is refused with. Where there is no gate it is always now. */
export function turnOf({ gate, calls }: CoreGiven, raw: RawCall): Turn | StatusError {
  const path = raw.getPath();
  const urgent = isUrgent(path);
  if (gate === undefined) return (life, work) => void (urgent ? work() : runFor(life, work));
  const network = networkOf(addressOf(raw.getPeer()));
  if (gate.refuses(urgent, network)) {
    calls?.shed(path, "busy");
    return shedAnswer(gate.comeBackAfter(urgent, network));
  }
  return (life, work, dropped) =>
    gate.enter(urgent, network, {
      // What ends something safely is done also for somebody who has gone.
      get isOver() {
        return !urgent && life.isOver;
      },
      begin: (ended) => void (urgent ? work() : runFor(life, work)).finally(ended),
      drop: () => {
        calls?.shed(path, "late");
        dropped();
      },
    });
}

/** Without the port. */
function addressOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(":"));
}

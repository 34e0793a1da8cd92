import type { CoreGiven } from "../given.ts";
import type { CallLife } from "./call-life.ts";
import type { Arrival } from "./gate.ts";
import { runFor } from "./running-call.ts";
import { isUrgent } from "./urgent.ts";

/** The work of a unary call, which resolves when all of it is done. */
type Work = () => Promise<void>;

/** Does the work when its turn comes; at once where there is no gate. */
export function whenItsTurnComes(given: CoreGiven, path: string, life: CallLife, work: Work): void {
  const urgent = isUrgent(path);
  // What ends something safely is done also for somebody who has gone.
  const run = urgent ? work : (): Promise<void> => runFor(life, work);
  const { gate, calls } = given;
  if (gate === undefined) return void run();
  const arrival: Arrival = {
    get isOver() {
      return !urgent && life.isOver;
    },
    begin: (ended) => void run().finally(ended),
    drop: () => calls?.shed(path, "late"),
  };
  gate.enter(urgent, arrival);
}

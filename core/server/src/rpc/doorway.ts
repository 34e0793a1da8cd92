// Where connections come in. Those from networks that floods come from have turns; all others find the door open.
import type { Socket } from "node:net";
import type { ConnectionObserver } from "./connection-observer.ts";
import { Lane } from "./lane.ts";
import { networkOf } from "./network.ts";

/** One of those who wait is let in as often: some 2 to 5 ms of the core with all that a flood may do then. */
export const TURN_MS = 50;
/** So many may wait from one network, the last for five seconds if it is the only one. */
export const PLACES = 100;

/** Whether connections of a network have to wait. */
export interface Judge {
  isBlamed(network: string): boolean;
}

/** One connection, not read from yet. */
export type Comer = Pick<Socket, "remoteAddress" | "destroy" | "destroyed">;

export class Doorway<C extends Comer> {
  readonly #waiting = new Lane<C>();
  readonly #judge: Judge;
  readonly #letIn: (comer: C) => void;
  readonly #told: ConnectionObserver | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(judge: Judge, letIn: (comer: C) => void, told?: ConnectionObserver) {
    this.#judge = judge;
    this.#letIn = letIn;
    this.#told = told;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  come(comer: C): void {
    const network = networkOf(comer.remoteAddress ?? "");
    const before = this.#waiting.waitingFrom(network);
    if (before === 0 && !this.#judge.isBlamed(network)) return this.#letIn(comer);
    if (before >= PLACES) {
      this.#told?.curbed("refused");
      return void comer.destroy();
    }
    this.#told?.curbed("held");
    this.#waiting.push(network, comer);
    this.#timer ??= setTimeout(this.#next, TURN_MS);
  }

  /** Ends those who wait. */
  close(): void {
    clearTimeout(this.#timer);
    while (this.#waiting.size > 0) this.#waiting.shift().destroy();
  }

  #next = (): void => {
    this.#timer = undefined;
    while (this.#waiting.size > 0) {
      const comer = this.#waiting.shift();
      if (comer.destroyed) continue;
      this.#letIn(comer);
      break;
    }
    if (this.#waiting.size > 0) this.#timer = setTimeout(this.#next, TURN_MS);
  };
}

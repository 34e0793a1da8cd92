import type { Timer } from "@countersign/bot-kit";

/** Wakes all who wait for news. */
export class Bell {
  #next = new AbortController();

  ring(): void {
    const rung = this.#next;
    this.#next = new AbortController();
    rung.abort();
  }

  /** Until it rings, `ms` have passed (undefined: however long), or the signal aborts. */
  async wait(timer: Timer, ms: number | undefined, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#next.signal]);
    if (either.aborted) return;
    if (ms !== undefined) {
      await timer.sleep(ms, either);
      return;
    }
    await new Promise<void>((resolve) => either.addEventListener("abort", () => resolve(), { once: true }));
  }
}

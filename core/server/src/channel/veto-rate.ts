import type { UnixMs } from "../store/entity.ts";

const WINDOW_MS = 600_000;
/** So many vetoes in the window are normal for any bot. */
const ALWAYS_NORMAL = 20;
/** Beyond that, one veto in so many prompts is. */
const PROMPTS_A_VETO = 4;
const MOST_KEPT = 100_000;

/**
 * The vetoes of one bot against its prompts within ten minutes. Above the normal rate its vetoes still stop
 * transactions, but freeze nobody: a stolen bot token must not lock every user out.
 */
export class VetoRate {
  readonly #vetoes: UnixMs[] = [];
  readonly #prompts: UnixMs[] = [];
  #alarmed: UnixMs | undefined;

  prompted(now: UnixMs): void {
    keep(this.#prompts, now);
  }

  /** Counts one. `normal`: it may freeze. `alarm`: somebody has to be told, once in a window. */
  vetoed(now: UnixMs): { readonly normal: boolean; readonly alarm: boolean } {
    keep(this.#vetoes, now);
    forget(this.#prompts, now);
    const normal = this.#vetoes.length <= Math.max(ALWAYS_NORMAL, this.#prompts.length / PROMPTS_A_VETO);
    const alarm = !normal && (this.#alarmed === undefined || this.#alarmed + WINDOW_MS <= now);
    if (alarm) this.#alarmed = now;
    return { normal, alarm };
  }
}

function keep(times: UnixMs[], now: UnixMs): void {
  forget(times, now);
  if (times.length < MOST_KEPT) times.push(now);
}

function forget(times: UnixMs[], now: UnixMs): void {
  const first = times.findIndex((at) => at > now - WINDOW_MS);
  times.splice(0, first === -1 ? times.length : first);
}

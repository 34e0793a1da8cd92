import type { Screen } from "../runner.ts";

/** A screen with its version: rises by one with each visible change. */
export type VersionedScreen = Screen & { readonly version: number };

/** The screen for those who watch from outside: numbered, so that nobody misses or repeats one. */
export class ScreenBoard {
  readonly #read: () => Screen;
  #shown: VersionedScreen;
  #shape: string;
  #waiting: ((screen: VersionedScreen) => void)[] = [];

  constructor(read: () => Screen) {
    this.#read = read;
    const screen = read();
    this.#shown = { ...screen, version: 1 };
    this.#shape = JSON.stringify(screen);
  }

  get shown(): VersionedScreen {
    return this.#shown;
  }

  /** Looks again; a change gets a new version and wakes those who wait. */
  refresh(): VersionedScreen {
    const screen = this.#read();
    const shape = JSON.stringify(screen);
    if (shape === this.#shape) return this.#shown;
    this.#shape = shape;
    this.#shown = { ...screen, version: this.#shown.version + 1 };
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake(this.#shown);
    return this.#shown;
  }

  /** The screen once its version is above `version`, or what it is after `withinMs`. */
  async after(version: number, withinMs: number): Promise<VersionedScreen> {
    if (this.#shown.version > version) return this.#shown;
    return new Promise((resolve) => {
      const timer = setTimeout(() => wake(this.#shown), withinMs).unref();
      const wake = (screen: VersionedScreen): void => {
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((each) => each !== wake);
        resolve(screen);
      };
      this.#waiting.push(wake);
    });
  }
}

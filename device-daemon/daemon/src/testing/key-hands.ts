import { setTimeout as sleep } from "node:timers/promises";

/** What the key's control server says it shows. */
export interface SeenScreen {
  readonly page: string;
  readonly rows: readonly string[];
  readonly lights: { readonly pin: boolean; readonly code: boolean; readonly busy: boolean };
  readonly version: number;
}

/** A person at the key: looks at its display and presses its buttons, over its control server. */
export class KeyHands {
  readonly #control: string;
  /** Every screen that was looked at, in order. */
  readonly seen: SeenScreen[] = [];

  constructor(control: string) {
    this.#control = control;
  }

  /** What it shows now. */
  async look(): Promise<SeenScreen> {
    return this.#get("/screen");
  }

  /** Waits until it shows this page. */
  async until(page: string): Promise<SeenScreen> {
    return this.untilScreen((screen) => screen.page === page);
  }

  /** Waits until the screen is as wanted. */
  async untilScreen(wanted: (screen: SeenScreen) => boolean): Promise<SeenScreen> {
    let screen = await this.look();
    while (!wanted(screen)) screen = await this.#get(`/screen?after=${screen.version}`);
    return screen;
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#post("/press", { key });
  }

  /** Types digits and OK. */
  async type(digits: string): Promise<void> {
    await this.press(...digits, "ok");
  }

  async finger(match: boolean): Promise<void> {
    await this.#post("/finger", { match });
  }

  /** On a key without keypad: the first finger, through the key's own menu. */
  async addFinger(): Promise<void> {
    await this.#post("/hold", {});
    await this.press("1");
    for (let touch = 0; touch < 3; touch++) await this.finger(true);
    await this.until("done");
    await this.press("ok");
  }

  async unplug(): Promise<void> {
    await this.#post("/unplug", {});
  }

  async plug(): Promise<void> {
    await this.#post("/plug", {});
  }

  /** Reads every page to the end; the rows of each. */
  async readPages(): Promise<readonly (readonly string[])[]> {
    const pages: (readonly string[])[] = [];
    let screen = await this.until("pages");
    while (screen.page === "pages") {
      pages.push(screen.rows);
      const { version } = screen;
      await this.press("next");
      screen = await this.untilScreen((each) => each.version > version);
    }
    return pages;
  }

  async #get(path: string): Promise<SeenScreen> {
    const response = await fetch(this.#control + path);
    const screen = (await response.json()) as SeenScreen;
    this.seen.push(screen);
    return screen;
  }

  // Not taken: the page has just changed, and whoever looks before he presses would not have pressed yet.
  async #post(path: string, body: object): Promise<void> {
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    for (;;) {
      const response = await fetch(this.#control + path, request);
      if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
      const { taken } = (await response.json()) as { taken?: boolean };
      // The connection is kept for the next press, so a moment for the answer to be read is all it takes.
      await sleep(taken === false ? 20 : 0);
      if (taken !== false) return;
    }
  }
}

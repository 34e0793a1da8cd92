import { WaitsFor } from "@countersign/key-protocol";
import type { Device } from "./device.ts";
import { idlePrompt } from "./display/prompts.ts";
import { StorageError } from "./storage/vault.ts";
import type { Ending, Flow, Input, Page, Prompt } from "./prompt.ts";

/** A page without a key press ends the request after this long, in milliseconds. */
export const IDLE_MS = 120_000;

/** What is left on the display after a request goes after this long, in milliseconds. */
const AFTER_MS = 30_000;

/**
 * A host that takes one page away and puts another in its place does so between a person's look and his press. What is
 * pressed or touched this soon after such a change, in milliseconds, was meant for the page before and does nothing.
 */
export const SETTLE_MS = 400;

/** A button that counts as held was pressed this long before, in milliseconds: perhaps before the page was there. */
const HOLD_MS = 1_000;

/** Longest time in the key's own menu, in milliseconds. */
const MENU_MS = 120_000;

/** What the person sees. `rows` is empty without a display. */
export interface Screen {
  readonly page: Page;
  readonly rows: readonly string[];
  readonly lights: { readonly pin: boolean; readonly code: boolean; readonly busy: boolean };
}

/** A request that needs the person, and how it is answered. */
export interface Work {
  readonly flow: Flow<Ending>;
  /** On the key's clock. */
  readonly deadline: number;
  /** Takes the answer, unless the request is aborted. */
  readonly done: (reply: Uint8Array) => void;
  /** The answer when host or time end it. */
  readonly outside: (why: "cancelled" | "timeout") => Uint8Array;
  /** The answer to something that the flow threw; throws again what is a bug. */
  readonly failed: (cause: unknown) => Uint8Array;
}

/** What stands on the display: a prompt, and which of its screens. */
interface Standing {
  prompt: Prompt;
  screen: number;
}

type Running = Work &
  Standing & {
    touchedAt: number;
    /** A host put it there then; undefined: the person did. */
    readonly begunAt?: number;
    /** Nothing is taken before this time. */
    readonly settlesAt?: number;
  };

/**
 * The key's one display, keypad and person, for whatever interface asks: runs one flow at a time, shows what it asks,
 * tells it what happens. No timer of its own: `tick`.
 */
export class Runner {
  readonly #device: Device;
  readonly #menu: () => Flow<Ending>;
  #running: (Running & { readonly local?: boolean }) | undefined;
  #after: (Standing & { readonly until: number }) | undefined;
  /** When a page that the person may have been answering went. */
  #wentAt: number = Number.NEGATIVE_INFINITY;

  /** `menu`: what the person does by himself. */
  constructor(device: Device, menu: () => Flow<Ending>) {
    this.#device = device;
    this.#menu = menu;
  }

  /** The person is in the key's own menu: hosts wait. */
  get isLocal(): boolean {
    return this.#running?.local === true;
  }

  start(work: Work): void {
    const now = this.#device.clock.now();
    const replaces = this.#after !== undefined || now - this.#wentAt < SETTLE_MS;
    const times = { touchedAt: 0, begunAt: now, ...(replaces ? { settlesAt: now + SETTLE_MS } : {}) };
    const running = { ...work, prompt: idlePrompt("", ""), screen: 0, ...times };
    this.#step(running, () => work.flow.next());
  }

  /** Ends the request that runs; `done` says so. */
  cancel(): void {
    this.#endFromOutside("cancelled");
  }

  /** Ends it without an answer. */
  abort(): void {
    this.#running?.flow.return({ reply: new Uint8Array(0) });
    this.#leave();
  }

  waitsFor(): WaitsFor {
    return this.#running?.prompt.waitsFor ?? WaitsFor.COMPUTING;
  }

  /** Something happened on the key: a button, a finger. False when it came too soon after the page to be meant for it. */
  input(input: Input): boolean {
    const running = this.#running;
    if (running === undefined) this.#inputAtRest(input);
    else if (this.#isTooSoon(running, input)) return false;
    else this.#inputTo(running, input);
    return true;
  }

  #inputAtRest(input: Input): void {
    if (input.type === "hold") {
      this.#openMenu();
    } else if (this.#after !== undefined && !this.#turns(this.#after, input)) {
      this.#dismiss();
    }
  }

  #dismiss(): void {
    this.#after = undefined;
    this.#wentAt = this.#device.clock.now();
  }

  #isTooSoon({ begunAt, settlesAt = Number.NEGATIVE_INFINITY }: Running, input: Input): boolean {
    const now = this.#device.clock.now();
    if (input.type === "hold" && begunAt !== undefined) return now < begunAt + HOLD_MS + SETTLE_MS;
    return now < settlesAt;
  }

  #inputTo(running: Running, input: Input): void {
    if (input.type === "key" && isDigit(input.key) && !this.#device.profile.keypad && !chooses(running)) return;
    if (input.type === "finger" && !this.#device.profile.finger) return;
    if (running.prompt.passes === true) return;
    if (this.#turns(running, input)) running.touchedAt = this.#device.clock.now();
    else this.#advance(running, input);
  }

  /** A code from the PC. False when none is due now. */
  supplyCode(code: string): boolean {
    const running = this.#running;
    if (running?.prompt.takesHostCode !== true) return false;
    this.#advance(running, { type: "host-code", code });
    return true;
  }

  /** Time has gone by. */
  tick(): void {
    const now = this.#device.clock.now();
    if (this.#after !== undefined && now >= this.#after.until) this.#dismiss();
    const running = this.#running;
    if (running === undefined) return;
    if (running.prompt.passes === true) this.#advance(running, { type: "key", key: "ok" });
    else if (now >= running.deadline || now - running.touchedAt >= IDLE_MS) this.#endFromOutside("timeout");
  }

  screen(): Screen {
    const { model, serial, display } = this.#device.profile;
    const standing = this.#running ?? this.#after ?? { prompt: idlePrompt(model, serial), screen: 0 };
    const { prompt } = standing;
    return {
      page: prompt.page,
      rows: display ? (this.#screensOf(prompt)[standing.screen] ?? []) : [],
      lights: {
        pin: this.#running !== undefined && prompt.waitsFor === WaitsFor.PIN,
        code: this.#running !== undefined && prompt.waitsFor === WaitsFor.CODE,
        busy: this.#running !== undefined,
      },
    };
  }

  #openMenu(): void {
    const running = {
      ...{ flow: this.#menu(), done: nothing, outside: nothing, failed: notStored },
      ...{ deadline: this.#device.clock.now() + MENU_MS, local: true },
      ...{ prompt: idlePrompt("", ""), screen: 0, touchedAt: 0 },
    };
    this.#step(running, () => running.flow.next());
  }

  #screensOf(prompt: Prompt): readonly (readonly string[])[] {
    return prompt.draw(this.#device.profile.size, this.#device.clock.now());
  }

  // Turns the screens of one prompt. False when the prompt itself is to hear of the button.
  #turns(standing: Standing, input: Input): boolean {
    if (input.type !== "key" || !this.#device.profile.display) return false;
    const { prompt, screen } = standing;
    const last = this.#screensOf(prompt).length - 1;
    const isEntry = prompt.turns === "entry";
    if (last > 0 && isEntry && input.key === "next") standing.screen = screen === last ? 0 : screen + 1;
    else if (!isEntry && screen < last && (input.key === "next" || input.key === "ok")) standing.screen = screen + 1;
    else if (!isEntry && screen > 0 && input.key === "back") standing.screen = screen - 1;
    else return false;
    return true;
  }

  #advance(running: Running, input: Input): void {
    this.#step(running, () => running.flow.next(input));
  }

  #step(running: Running, next: () => IteratorResult<Prompt, Ending>): void {
    let at: IteratorResult<Prompt, Ending>;
    try {
      at = next();
    } catch (cause) {
      this.#end({ reply: running.failed(cause) }, running.done);
      return;
    }
    if (at.done === true) {
      this.#end(at.value, running.done);
      return;
    }
    running.prompt = at.value;
    running.screen = at.value.opensAt?.(this.#device.profile.size) ?? 0;
    running.touchedAt = this.#device.clock.now();
    this.#after = undefined;
    this.#running = running;
  }

  #endFromOutside(why: "cancelled" | "timeout"): void {
    const running = this.#running;
    if (running === undefined) return;
    running.flow.return({ reply: new Uint8Array(0) });
    this.#end({ reply: running.outside(why) }, running.done);
  }

  // Only a page that stood there can have been pressed for: most requests of a host show none.
  #leave(): void {
    if (this.#running !== undefined) this.#wentAt = this.#device.clock.now();
    this.#running = undefined;
  }

  #end(ending: Ending, done: (reply: Uint8Array) => void): void {
    this.#leave();
    if (ending.after !== undefined) {
      this.#after = { prompt: ending.after, screen: 0, until: this.#device.clock.now() + AFTER_MS };
    }
    done(ending.reply);
  }
}

// Nobody is told how the menu ended.
function nothing(): Uint8Array {
  return new Uint8Array(0);
}

function notStored(cause: unknown): Uint8Array {
  if (cause instanceof StorageError) return nothing();
  throw cause;
}

function isDigit(key: string): boolean {
  return key >= "0" && key <= "9";
}

// Buttons beside the rows choose on a key without digits.
function chooses({ prompt: { page } }: Running): boolean {
  return page === "reject" || page === "menu" || page === "remove-finger";
}

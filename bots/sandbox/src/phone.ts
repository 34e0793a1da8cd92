import { revealRun, revealText, type Message, type Run } from "@countersign/bot-kit";

/** The one chat of the sandbox. */
export const SANDBOX_PEER = "sandbox-user";

const KEPT = 500;

interface Entry {
  readonly id: string;
  readonly from: "bot" | "person";
  text: string;
  message: Message | undefined;
  edited: boolean;
}

interface ViewedButton {
  readonly label: string;
  readonly id: string;
}

/** One message as a scripted user sees it; the shape of the fake Telegram's phone. */
export interface ViewedMessage {
  readonly id: string;
  readonly text: string;
  readonly buttons: readonly (readonly ViewedButton[])[];
  readonly edited: boolean;
  readonly deleted: boolean;
}

/** The same for the page: with what the person wrote, styles and reading direction. */
export interface PageMessage extends ViewedMessage {
  readonly from: "bot" | "person";
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
  readonly blocks: readonly (readonly (readonly { readonly style: Run["style"]; readonly text: string }[])[])[];
}

/** What is on the phone's screen. Kept in memory, gone with the process. */
export class Phone {
  readonly #entries: Entry[] = [];
  readonly #popUps: string[] = [];
  #version = 0;
  #nextId = 1;
  #watchers: (() => void)[] = [];

  get version(): number {
    return this.#version;
  }

  /** A new message of the bot; returns its id. */
  show(message: Message): string {
    return this.#add({ from: "bot", text: revealText(message), message });
  }

  /** Puts another message in the place of one. False when there is no such message of the bot. */
  replace(id: string, message: Message): boolean {
    const entry = this.#entries.find((one) => one.id === id && one.from === "bot");
    if (entry === undefined) return false;
    const same = JSON.stringify(view(entry)) === JSON.stringify(view({ ...entry, text: revealText(message), message }));
    if (same) return true;
    entry.text = revealText(message);
    entry.message = message;
    entry.edited = true;
    this.#changed();
    return true;
  }

  /** What the person wrote appears on his own screen. */
  write(text: string): void {
    this.#add({ from: "person", text, message: undefined });
  }

  /** A short text that goes away by itself. */
  popUp(text: string): void {
    this.#popUps.push(text);
    this.#changed();
  }

  /** Whether the person sees this button. */
  hasButton(messageId: string, buttonId: string): boolean {
    const entry = this.#entries.find((one) => one.id === messageId);
    return entry?.message?.buttons.flat().some(({ id }) => id === buttonId) ?? false;
  }

  /** For scripted users: the bot's messages. */
  view(): { readonly version: number; readonly messages: readonly ViewedMessage[] } {
    return { version: this.#version, messages: this.#entries.filter(({ from }) => from === "bot").map(view) };
  }

  /** For the page. `popUps` counts from the start, so that the page shows each once. */
  page(): { readonly version: number; readonly messages: readonly PageMessage[]; readonly popUps: readonly string[] } {
    return { version: this.#version, messages: this.#entries.map(pageView), popUps: this.#popUps };
  }

  /** Resolves once the version is above `after`, or when the signal aborts. */
  async changedAfter(after: number, signal: AbortSignal): Promise<void> {
    while (this.#version <= after && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
  }

  #add(entry: Pick<Entry, "from" | "text" | "message">): string {
    const id = String(this.#nextId);
    this.#nextId += 1;
    this.#entries.push({ ...entry, id, edited: false });
    if (this.#entries.length > KEPT) this.#entries.shift();
    this.#changed();
    return id;
  }

  #changed(): void {
    this.#version += 1;
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}

function view({ id, text, message, edited }: Entry): ViewedMessage {
  return { id, text, buttons: message?.buttons ?? [], edited, deleted: false };
}

function pageView(entry: Entry): PageMessage {
  const { from, message, text } = entry;
  const blocks = message?.blocks.map((rows) =>
    rows.map((row) => row.map((run) => ({ style: run.style, text: revealRun(run) }))),
  );
  return {
    ...view(entry),
    from,
    locale: message?.locale ?? "",
    direction: message?.direction ?? "ltr",
    blocks: blocks ?? [[[{ style: "plain", text }]]],
  };
}

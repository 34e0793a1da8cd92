import type { Desk } from "../desk.ts";
import { KeyInHand, readPage, type ReadPage, type Screen } from "../person/key-in-hand.ts";
import { PhoneInHand, type Message } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";

/** Longest wait for anything on key or phone. A test that needs it has failed. */
const PATIENCE_MS = 240_000;

/** Why a person says no, as the digit on the key's reject page. */
export const Reason = { WRONG_DATA: "1", NOT_ME: "2", CHANGED_MY_MIND: "3", SOMEBODY_TOLD_ME_TO: "4" } as const;

/** The code with its last digit read wrong. */
export function wrongOf(code: string): string {
  return `${code.slice(0, -1)}${(Number(code.at(-1)) + 1) % 10}`;
}

/** A person who does one thing after another at key and phone: each call waits for what it needs to see first. */
export class Hands {
  readonly key: KeyInHand;
  readonly phone: PhoneInHand;
  /** Every code that he read, as digits. */
  readonly codes: Set<string> = new Set();
  readonly #pin: string;

  constructor(desk: Pick<Desk, "keyUrl" | "phoneUrl" | "pin">) {
    this.key = new KeyInHand(desk.keyUrl);
    this.phone = new PhoneInHand(desk.phoneUrl);
    this.#pin = desk.pin;
  }

  keyShows(page: string): Promise<Screen> {
    return this.#until(`the key shows ${page}`, this.#keyLooks, (screen) =>
      screen.page === page ? screen : undefined,
    );
  }

  /** Waits until the key shows something else. */
  keyShowsNo(page: string): Promise<Screen> {
    return this.#until(`the key leaves ${page}`, this.#keyLooks, (screen) =>
      screen.page === page ? undefined : screen,
    );
  }

  /** Turns every page of a transaction, up to what follows the last one. */
  async readPages(): Promise<ReadPage[]> {
    const pages: ReadPage[] = [];
    for (let screen = await this.keyShows("pages"); screen.page === "pages"; screen = await this.screen()) {
      const page = readPage(screen.rows);
      pages.push(page);
      await this.key.press(page.turn);
    }
    return pages;
  }

  /** Pages and PIN, until the key asks for the code. Resolves with the pages. */
  async readAndProve(): Promise<ReadPage[]> {
    const pages = await this.readPages();
    if ((await this.screen()).page === "link-warning") await this.key.press("ok");
    await this.keyShows("pin");
    await this.key.type(this.#pin);
    await this.keyShows("code");
    return pages;
  }

  /** Confirms whatever the key shows: pages, PIN, the code of the message with the same tag. */
  async confirm(): Promise<ReadPage[]> {
    const pages = await this.readAndProve();
    await this.key.type(await this.codeFor(pages));
    return pages;
  }

  /** As `confirm`, with one digit of the code wrong. Resolves with the right one. */
  async mistype(): Promise<string> {
    const code = await this.codeFor(await this.readAndProve());
    await this.key.type(wrongOf(code));
    return code;
  }

  async reject(reason: (typeof Reason)[keyof typeof Reason]): Promise<void> {
    await this.key.press("reject");
    await this.keyShows("reject");
    await this.key.press(reason);
    await this.key.press("ok");
  }

  /** The code of the message with the tag that the key showed. */
  async codeFor(pages: readonly ReadPage[]): Promise<string> {
    const tag = pages.at(-1)?.tag;
    const message = await this.#message(`a code for ${tag}`, (one) => readMessage(one)?.tag === tag);
    const code = readMessage(message)?.code ?? "";
    this.codes.add(code);
    return code;
  }

  /** The newest of the messages that hold this text, once there are so many of them. */
  phoneSays(text: string, times = 1): Promise<Message> {
    return this.#message(`"${text}"`, (message) => message.text.includes(text), times);
  }

  /** Waits for the code of what the key shows now. What ends before the phone shows anything of it is told to nobody. */
  async isAsked(): Promise<void> {
    await this.codeFor([readPage((await this.keyShows("pages")).rows)]);
  }

  /** How many messages hold this text now. */
  async count(text: string): Promise<number> {
    const { messages } = await this.phone.look(undefined, AbortSignal.timeout(PATIENCE_MS));
    return messages.filter((message) => message.text.includes(text)).length;
  }

  /** What the whole chat says now. */
  async chat(): Promise<string> {
    const { messages } = await this.phone.look(undefined, AbortSignal.timeout(PATIENCE_MS));
    return messages.map(({ text }) => text).join("\n\n");
  }

  async screen(): Promise<Screen> {
    return this.key.look(undefined, AbortSignal.timeout(PATIENCE_MS));
  }

  #message(what: string, accepts: (message: Message) => boolean, times = 1): Promise<Message> {
    const look = (after: number | undefined, patience: AbortSignal) => this.phone.look(after, patience);
    return this.#until(`the phone shows ${what}`, look, ({ messages }) => {
      const found = messages.filter(accepts);
      return found.length >= times ? found.at(-1) : undefined;
    });
  }

  readonly #keyLooks = (after: number | undefined, patience: AbortSignal): Promise<Screen> =>
    this.key.look(after, patience);

  async #until<S extends { readonly version: number }, T>(
    what: string,
    look: (after: number | undefined, patience: AbortSignal) => Promise<S>,
    found: (seen: S) => T | undefined,
  ): Promise<T> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    let seen: S | undefined;
    const stack = new Error(`waited until ${what}`);
    try {
      for (;;) {
        seen = await look(seen?.version, patience);
        const one = found(seen);
        if (one !== undefined) return one;
      }
    } catch (cause) {
      stack.message += `, saw ${JSON.stringify(seen)}`;
      throw Object.assign(stack, { cause });
    }
  }
}

import { KeyInHand, readPage, type Screen } from "../person/key-in-hand.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";

const PIN = "271828";

/** Somebody who does at key and phone whatever they ask, and remembers what the key showed. */
export class AtKeyAndPhone {
  /** Values of all lines that the key showed, in order. */
  readonly read: string[] = [];
  /** As the key showed it at enrolment. */
  fingerprint = "";
  readonly #key: KeyInHand;
  readonly #phone: PhoneInHand;
  readonly #leaving = new AbortController();
  readonly #sitting: Promise<void>;

  constructor(keyUrl: string, phoneUrl: string) {
    this.#key = new KeyInHand(keyUrl);
    this.#phone = new PhoneInHand(phoneUrl);
    this.#sitting = this.#sit(this.#leaving.signal).catch((error: unknown) => {
      if (!this.#leaving.signal.aborted) throw error;
    });
  }

  async say(text: string): Promise<void> {
    await this.#phone.send(text);
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#sitting;
  }

  async #sit(signal: AbortSignal): Promise<void> {
    let tag = "";
    for (let version: number | undefined; !signal.aborted;) {
      const screen = await this.#key.look(version, signal);
      if (screen.version === version) continue;
      version = screen.version;
      if (screen.page === "pages") tag = await this.#readOn(screen);
      else await this.#act(screen, tag, signal);
    }
  }

  async #readOn({ rows }: Screen): Promise<string> {
    const page = readPage(rows);
    this.read.push(page.value);
    await this.#key.press(page.turn);
    return page.tag;
  }

  async #act({ page, rows }: Screen, tag: string, signal: AbortSignal): Promise<void> {
    switch (page) {
      case "new-pin":
      case "repeat-pin":
      case "pin":
        return this.#key.type(PIN);
      case "code":
        return this.#key.type(await this.#codeFor(tag, signal));
      case "fingerprint":
        this.fingerprint =
          /[0-9A-F]{4}(?:[ -]?[0-9A-F]{4}){3}/i.exec(rows.join(" ").replaceAll(/\s+/g, " "))?.[0] ?? "";
        return this.#key.press("ok");
      case "enrol":
      case "link-warning":
      case "signed":
        return this.#key.press("ok");
    }
  }

  async #codeFor(tag: string, signal: AbortSignal): Promise<string> {
    for (let version: number | undefined; ;) {
      const chat = await this.#phone.look(version, signal);
      version = chat.version;
      const prompts = chat.messages.flatMap((message) => readMessage(message) ?? []);
      const found = prompts.findLast((prompt) => prompt.tag === tag);
      if (found !== undefined) return found.code;
    }
  }
}

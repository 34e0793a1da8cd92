import type { Content } from "./parameters.ts";
import { badRequest } from "./api-refusal.ts";

/** One message as the phone shows it now. */
export interface ChatMessage {
  readonly id: number;
  readonly from: "bot" | "person";
  content: Content;
  edited: boolean;
  deleted: boolean;
  /** Whether content may be forwarded or saved. */
  readonly isProtected: boolean;
}

/** What `GET /phone/CHAT/messages` answers: what the person sees. */
export interface PhoneView {
  readonly version: number;
  readonly messages: readonly {
    readonly id: string;
    readonly text: string;
    readonly buttons: readonly (readonly { readonly label: string; readonly id: string }[])[];
    readonly edited: boolean;
    readonly deleted: boolean;
  }[];
}

/** One private chat between a person and the bot; its id is the person's. */
export class Chat {
  readonly id: number;
  readonly messages: ChatMessage[] = [];
  /** Texts that answerCallbackQuery popped up. */
  readonly popUps: string[] = [];
  blocked = false;
  version = 0;
  #watchers: (() => void)[] = [];

  constructor(id: number) {
    this.id = id;
  }

  find(id: number): ChatMessage | undefined {
    return this.messages.find((message) => message.id === id && !message.deleted);
  }

  /** Every text each message has ever shown, for searching. */
  readonly everShown: string[] = [];

  add(id: number, from: "bot" | "person", content: Content, isProtected: boolean): ChatMessage {
    const message = { id, from, content, edited: false, deleted: false, isProtected };
    this.messages.push(message);
    if (from === "bot") this.everShown.push(content.text);
    this.changed();
    return message;
  }

  edit(message: ChatMessage, content: Content): void {
    message.content = content;
    message.edited = true;
    this.everShown.push(content.text);
    this.changed();
  }

  changed(): void {
    this.version += 1;
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  /** What the person sees of the bot. */
  view(): PhoneView {
    const messages = this.messages
      .filter(({ from }) => from === "bot")
      .map(({ id, content, edited, deleted }) => ({
        id: String(id),
        text: deleted ? "" : content.text,
        buttons: deleted
          ? []
          : content.keyboard.map((row, y) => row.map(({ text }, x) => ({ label: text, id: `${y}.${x}` }))),
        edited,
        deleted,
      }));
    return { version: this.version, messages };
  }

  /** The view once the version is above `after`, or as it is when the signal aborts. */
  async viewAfter(after: number, signal: AbortSignal): Promise<PhoneView> {
    while (this.version <= after && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
    return this.view();
  }

  /** The callback data behind a button of the view. */
  dataOf(messageId: number, buttonId: string): string {
    const [y, x] = buttonId.split(".").map(Number);
    const button = this.find(messageId)?.content.keyboard[y ?? -1]?.[x ?? -1];
    if (button === undefined) throw badRequest("FAKE: the person sees no such button");
    return button.callback_data;
  }
}

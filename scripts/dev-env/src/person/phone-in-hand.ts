/** A chat message as the person sees it now. */
export interface Message {
  readonly id: string;
  readonly text: string;
  readonly buttons: readonly (readonly { readonly label: string; readonly id: string }[])[];
}

interface Chat {
  readonly version: number;
  readonly messages: readonly Message[];
}

/** The phone in the person's hand: the chat with the bot. */
export class PhoneInHand {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The chat now, or, with `after`, once it has changed from that version (or after half a minute). */
  async look(after: number | undefined, signal: AbortSignal): Promise<Chat> {
    const query = after === undefined ? "" : `?after=${after}`;
    const response = await fetch(`${this.#url}/messages${query}`, { signal });
    return (await response.json()) as Chat;
  }

  /** Which messages it shows now. */
  async messageIds(signal: AbortSignal): Promise<readonly string[]> {
    return (await this.look(undefined, signal)).messages.map(({ id }) => id);
  }

  async send(text: string): Promise<void> {
    await this.#post("send", { text });
  }

  /** Presses the button with this label under a message. */
  async press(message: Message, label: string): Promise<void> {
    const button = message.buttons.flat().find((one) => one.label === label);
    if (button === undefined) throw new Error(`no button "${label}" under: ${message.text}`);
    await this.#post("press", { messageId: message.id, buttonId: button.id });
  }

  async #post(path: string, body: Readonly<Record<string, string>>): Promise<void> {
    const response = await fetch(`${this.#url}/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`the phone refused ${path}: ${response.status} ${await response.text()}`);
  }
}

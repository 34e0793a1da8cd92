/** One message as a phone shows it. */
export interface PhoneMessage {
  readonly id: string;
  readonly text: string;
}

/** What `GET /phone/NUMBER/messages` answers, in the shape of the other fakes' phones. */
export interface PhoneView {
  readonly version: number;
  readonly messages: readonly {
    readonly id: string;
    readonly text: string;
    readonly buttons: readonly [];
    readonly edited: false;
    readonly deleted: false;
  }[];
}

/** A part of a longer message that arrived. */
export interface Part {
  readonly reference: number;
  readonly of: number;
  readonly number: number;
}

/** One phone: puts parts together by their reference and shows what is complete. */
export class Phone {
  readonly messages: PhoneMessage[] = [];
  /** Off: the network keeps what is for it. */
  off = false;
  version = 0;
  readonly #parts = new Map<string, (string | undefined)[]>();
  #watchers: (() => void)[] = [];

  receive(id: string, text: string, part: Part | undefined): void {
    const whole = part === undefined ? text : this.#joined(text, part);
    if (whole !== undefined) {
      this.messages.push({ id, text: whole });
      this.version += 1;
    }
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  #joined(text: string, { reference, of, number }: Part): string | undefined {
    const key = `${reference}/${of}`;
    const parts = this.#parts.get(key) ?? Array.from({ length: of }, () => undefined as string | undefined);
    parts[number - 1] = text;
    this.#parts.set(key, parts);
    if (parts.some((one) => one === undefined)) return undefined;
    this.#parts.delete(key);
    return parts.join("");
  }

  view(): PhoneView {
    const messages = this.messages.map(
      ({ id, text }) => ({ id, text, buttons: [], edited: false, deleted: false }) as const,
    );
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
}

/** The phones of a network, by E.164 number. */
export class Phones {
  readonly #phones = new Map<string, Phone>();

  at(number: string): Phone {
    const known = this.#phones.get(number);
    if (known !== undefined) return known;
    const phone = new Phone();
    this.#phones.set(number, phone);
    return phone;
  }
}

import type { ParsedMail } from "./parse-mail.ts";

/** One mail in a mailbox. */
export interface KeptMail extends ParsedMail {
  /** Counts up from "1". */
  readonly id: string;
  readonly messageId: string;
}

/** What `GET /mailbox/ADDRESS/messages` answers, in the shape of the fake Telegram's phone. */
export interface MailboxView {
  readonly version: number;
  readonly messages: readonly {
    readonly id: string;
    readonly text: string;
    readonly subject: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly buttons: readonly [];
    readonly edited: false;
    readonly deleted: false;
  }[];
}

/** The mails of one address, oldest first. */
export class Mailbox {
  readonly mails: KeptMail[] = [];
  #watchers: (() => void)[] = [];

  /** Keeps a mail, also one with the Message-ID of an earlier one, as mail servers do. */
  add(mail: ParsedMail): void {
    const messageId = mail.headers.find(([name]) => name === "Message-ID")?.[1] ?? "";
    this.mails.push({ ...mail, messageId, id: String(this.mails.length + 1) });
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  view(): MailboxView {
    const messages = this.mails.map(({ id, text, subject, headers }) => ({
      ...{ id, text, subject, headers: Object.fromEntries(headers) },
      ...({ buttons: [], edited: false, deleted: false } as const),
    }));
    return { version: this.mails.length, messages };
  }

  /** The view once the version is above `after`, or as it is when the signal aborts. */
  async viewAfter(after: number, signal: AbortSignal): Promise<MailboxView> {
    while (this.mails.length <= after && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
    return this.view();
  }
}

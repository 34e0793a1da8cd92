import { createHash } from "node:crypto";
import { ChannelError, revealText, type Outgoing } from "@countersign/bot-kit";
import { isAddress, type Sender } from "./address.ts";
import { headerText, mailbox } from "./header.ts";
import { quotedPrintable } from "./quoted-printable.ts";

/** A prompt has 24 lines of 140 characters at most; what is longer is no message of ours. In bytes of UTF-8. */
const LONGEST_TEXT = 16_384;

/** One mail as it leaves. Its bytes hold the code: they go into one SMTP session and nowhere else. */
export class Mail {
  /** `<…@domain>`: the same for every try of one delivery. */
  readonly messageId: string;
  /** The one recipient. */
  readonly to: string;
  readonly #bytes: Uint8Array;

  constructor(messageId: string, to: string, bytes: Uint8Array) {
    this.messageId = messageId;
    this.to = to;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** The only way out: called where the bytes are written to the server, and by tests. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  toString(): string {
    return "[mail]";
  }

  toJSON(): string {
    return "[mail]";
  }
}

// Says nothing about the delivery id; `phase` because an id counts for one message and phase.
function messageIdOf({ deliveryId, phase, peerId }: Outgoing, { domain }: Sender): string {
  const hash = createHash("sha256").update(JSON.stringify(["countersign/mail/v1", deliveryId, phase, peerId]));
  return `<${hash.digest("hex").slice(0, 40)}@${domain}>`;
}

const MESSAGE_ID = /^<[0-9a-f]{40}@[a-z0-9.-]{1,254}>$/;
const LANGUAGE = /^[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/;
// The core refuses these at Create. Here they could begin a header or a line of their own.
const UNSHOWABLE_TEXT = /[^\P{Cc}\n]|[\u2028\u2029]/u;

function malformed(): never {
  throw new ChannelError({ fate: "permanent", detail: "malformed-delivery" });
}

/**
 * Writes one mail: plain text alone, so that nothing is loaded from elsewhere and nothing is a link by our doing; the
 * subject is the message's preview, which is free of code and transaction. Nothing is cut. Throws ChannelError
 * (permanent): no address, text that does not fit or cannot be shown, a `replaces` that is no Message-ID of ours.
 */
export function composeMail(outgoing: Outgoing, sender: Sender, now: Date): Mail {
  const { peerId: to, message, replaces } = outgoing;
  if (!isAddress(to)) {
    throw new ChannelError({ fate: "permanent", detail: "chat-not-found", reason: "CHANNEL_BLOCKED_BY_USER" });
  }
  const text = revealText(message);
  if (Buffer.byteLength(text) > LONGEST_TEXT) throw new ChannelError({ fate: "permanent", detail: "does-not-fit" });
  if (UNSHOWABLE_TEXT.test(text) || !text.isWellFormed()) malformed();
  if (/[\r\n\0]/.test(message.preview) || !message.preview.isWellFormed()) malformed();
  if (replaces !== undefined && !MESSAGE_ID.test(replaces)) malformed();
  const messageId = messageIdOf(outgoing, sender);
  const thread =
    replaces === undefined || replaces === messageId ? [] : [`In-Reply-To: ${replaces}`, `References: ${replaces}`];
  const head = [
    `Date: ${now.toUTCString().replace(/GMT$/, "+0000")}`,
    `From: ${mailbox(sender.name, sender.address)}`,
    `To: ${to}`,
    `Subject: ${headerText(message.preview)}`,
    `Message-ID: ${messageId}`,
    ...thread,
    "MIME-Version: 1.0",
    // No format=flowed: lines stay as they are.
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: quoted-printable",
    ...(LANGUAGE.test(message.locale) ? [`Content-Language: ${message.locale}`] : []),
    // Vacation programs stay silent (RFC 3834). No Precedence: it says nothing more, and "bulk" is filed away.
    "Auto-Submitted: auto-generated",
    "X-Auto-Response-Suppress: All",
  ];
  return new Mail(messageId, to, Buffer.from(`${head.join("\r\n")}\r\n\r\n${quotedPrintable(text)}`, "latin1"));
}

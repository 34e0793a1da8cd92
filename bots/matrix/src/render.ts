import { ChannelError, revealRun, revealText, type Message, type Run } from "@countersign/bot-kit";

/** Content of an `m.room.message`. May hold the code: goes into one encrypted event and nowhere else. */
export interface RoomMessage {
  readonly msgtype: "m.text";
  readonly body: string;
  readonly format: "org.matrix.custom.html";
  readonly formatted_body: string;
  /** Nobody: whatever a value looks like, it calls nobody. */
  readonly "m.mentions": object;
}

/** What `body` holds, which clients show that know no HTML, and in notifications. */
export type BodyRule = "preview" | "full";

/** Reactions that stop a transaction, in the order of the buttons. */
export const SYMBOLS: readonly string[] = ["⛔", "✏️", "↩️"];

// An event may have 65,536 bytes. Encryption makes 4 bytes of 3 and adds a few hundred for itself and the envelope.
const LARGEST_EVENT = 65_536;
const ENVELOPE = 2_048;

// Clients turn addresses, names of users and rooms and "@room" in text into something to tap that leads elsewhere, but
// not inside `code`.
const TAPPABLE = /[@#!$/\\]|\w\.\w/;

/** Renders a message. Nothing is cut: throws ChannelError (permanent, does-not-fit). */
export function renderMessage(message: Message, rule: BodyRule): RoomMessage {
  const hint = hintOf(message);
  const rendered = {
    msgtype: "m.text",
    body: bodyOf(message, rule, hint),
    format: "org.matrix.custom.html",
    formatted_body: htmlOf(message, hint),
    "m.mentions": {},
  } as const;
  refuseLarge(rendered);
  return rendered;
}

/** The content that takes the place of an earlier message. Every server keeps the earlier one: never used over a code. */
export function renderEdit(message: RoomMessage, replaced: string): Record<string, unknown> {
  const edit = {
    ...message,
    body: `* ${message.body}`,
    formatted_body: `* ${message.formatted_body}`,
    "m.new_content": message,
    "m.relates_to": { rel_type: "m.replace", event_id: replaced },
  };
  refuseLarge(edit);
  return edit;
}

/** A sentence that answers a reaction. */
export function renderSentence(text: string): RoomMessage {
  const formatted_body = `<p dir="auto">${escapeHtml(text)}</p>`;
  return { msgtype: "m.text", body: text, format: "org.matrix.custom.html", formatted_body, "m.mentions": {} };
}

/** Whether a message shows the code. */
export function holdsCode(message: Message): boolean {
  return message.blocks.flat(2).some(({ style }) => style === "code");
}

function bodyOf(message: Message, rule: BodyRule, hint: string): string {
  const text = hint === "" ? revealText(message) : `${revealText(message)}\n\n${hint}`;
  if (!holdsCode(message)) return text;
  return rule === "full" ? `${message.preview}\n\n${text}` : message.preview;
}

function htmlOf(message: Message, hint: string): string {
  const blocks = message.blocks.map((rows) => rows.map((row) => row.map(htmlOfRun).join("")).join("<br>"));
  const all = hint === "" ? blocks : [...blocks, escapeHtml(hint)];
  return all.map((block) => `<p dir="${message.direction}">${block}</p>`).join("");
}

function htmlOfRun(run: Run): string {
  const text = escapeHtml(revealRun(run));
  switch (run.style) {
    case "plain":
      return text;
    case "strong":
      return TAPPABLE.test(run.text) ? `<code>${text}</code>` : `<strong>${text}</strong>`;
    case "value":
    case "code":
      return `<code>${text}</code>`;
  }
}

// There are no buttons in a room: a reaction with the symbol before its label is the press.
function hintOf(message: Message): string {
  return message.buttons
    .flat()
    .flatMap(({ label }, at) => (SYMBOLS[at] === undefined ? [] : [`${SYMBOLS[at]} ${label}`]))
    .join(" · ");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function refuseLarge(content: object): void {
  const size = Math.ceil(Buffer.byteLength(JSON.stringify(content)) / 3) * 4 + ENVELOPE;
  if (size <= LARGEST_EVENT) return;
  throw new ChannelError({ fate: "permanent", detail: "does-not-fit", reason: "CHANNEL_DOES_NOT_FIT" });
}

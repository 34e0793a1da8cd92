import type { Kind, Label } from "@countersign/proto/node/core/v1/content";
import { ChannelError } from "../channel-error.ts";
import { en, type MessageId } from "../wording/en.ts";
import type { Words } from "../wording/words.ts";
import type { Delivery } from "./delivery.ts";
import type { Button, Manner, Message, Row, Run } from "./message.ts";
import { timeText } from "./timestamp.ts";

/** What wording needs beside the delivery. */
export interface Setting extends Manner {
  readonly words: Words;
}

export function plain(text: string): Run {
  return { style: "plain", text };
}

export function strong(text: string): Run {
  return { style: "strong", text };
}

export function value(text: string): Run {
  return { style: "value", text };
}

export function time(date: Date, zone: string): Run {
  return strong(timeText(date, zone));
}

/** Name of a registry number. A number without a name is refused: no surface invents one. */
function registryName(words: Words, id: string): string {
  if (!(id in en)) throw new ChannelError({ fate: "permanent", detail: "malformed-delivery" });
  return words.text(id as MessageId);
}

export function kindName(words: Words, kind: Kind): string {
  return registryName(words, `kind-${kind}`);
}

function labelName(words: Words, label: Label): string {
  return registryName(words, `label-${label}`);
}

/** `Label: value`. */
export function fact(words: Words, label: string, run: Run): Row {
  return words.row("fact", { label: plain(label), value: run });
}

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;

// In a right-to-left row, a value of Latin letters, digits and signs would be shown in another order than it is read.
// Marks against that would be copied along with it, so it gets a row of its own instead.
function splitRow(row: Row): Row[] {
  const last = row.at(-1);
  if (last === undefined || last.style === "plain" || row.length === 1) return [row];
  const before = row.slice(0, -1).map((run) => (run.style === "plain" ? plain(run.text) : run));
  const leads = before.some((run) => run.style === "plain" && RIGHT_TO_LEFT.test(run.text));
  if (!leads) return [row];
  const end = before.at(-1);
  if (end?.style === "plain") before[before.length - 1] = plain(end.text.trimEnd());
  return [before, [last]];
}

/** Blocks as they are shown in a language of that direction, without those that hold nothing. */
export function layOut(direction: Message["direction"], blocks: Message["blocks"]): Message["blocks"] {
  const laidOut = direction === "rtl" ? blocks.map((rows) => rows.flatMap(splitRow)) : blocks;
  return laidOut.filter((rows) => rows.length > 0);
}

interface Parts {
  /** What lock screens and subjects say. */
  readonly preview: "waiting" | "preview-news" | "preview-answer";
  readonly blocks: readonly (readonly Row[])[];
  readonly buttons?: readonly (readonly Button[])[];
}

/** A message of the blocks that hold something; in short all of them are one, since empty lines are paid for too. */
export function buildMessage(words: Words, { preview, blocks, buttons = [] }: Parts): Message {
  const kept = layOut(words.direction, blocks);
  return {
    locale: words.locale,
    direction: words.direction,
    preview: words.text(preview),
    blocks: words.style === "short" ? [kept.flat()] : kept,
    buttons,
  };
}

/** `Acme Bank · AMBER TIGER`, with what is known of the two. */
export function heading(delivery: Delivery, words: Words): Row[] {
  const runs = [delivery.issuer, delivery.tag].filter((text) => text !== "").map(strong);
  const [first, second] = runs;
  if (first === undefined) return [];
  return [second === undefined ? [first] : [first, plain(words.separator), second]];
}

/** The user's own phrase, by which he knows a false bot. */
export function phraseRow(delivery: Delivery, words: Words): Row[] {
  return delivery.phrase === "" ? [] : [words.row("phrase", { phrase: strong(delivery.phrase) })];
}

/**
 * What the core asks on its own account changes who can confirm or where to; a sentence says so. Mode A hides it with
 * everything else.
 */
export function aboutRows({ kind, mode }: Delivery, words: Words): Row[] {
  const id = `about-${kind}`;
  return mode !== "A" && id in en ? [words.row(id as MessageId)] : [];
}

/** Who asks, where the user approves what somebody else asked for. In every mode: it says nothing of the content. */
export function requesterRows({ requestedBy }: Delivery, words: Words): Row[] {
  return requestedBy === "" ? [] : [words.row("requested-by", { by: value(requestedBy) })];
}

/** Kind and every line as signed. Nothing in mode A, where lines are empty by the reading of the delivery. */
export function contentRows(delivery: Delivery, words: Words): Row[] {
  if (delivery.mode !== "B" && delivery.mode !== "C") return [];
  if (delivery.lines.length === 0) return [];
  const lines = delivery.lines.map((line) => fact(words, labelName(words, line.label), value(line.value)));
  const kind = [strong(kindName(words, delivery.kind))];
  // The sentence of the short style names the kind already.
  return words.style === "short" && aboutRows(delivery, words).length > 0 ? lines : [kind, ...lines];
}

/** Short ids that travel through the provider: `<reason>.<action ref>`; reasons as in channel_service.proto. */
const VETO_BUTTONS: readonly {
  readonly letter: string;
  readonly reason: 1 | 2 | 3;
  readonly label: MessageId;
}[] = [
  { letter: "n", reason: 2, label: "button-not-me" },
  { letter: "w", reason: 1, label: "button-wrong-data" },
  { letter: "c", reason: 3, label: "button-changed-my-mind" },
];

/** [ Not me ] above [ Wrong data ][ Changed my mind ], or nothing where no veto is offered or a press would be lost. */
export function vetoButtons(delivery: Delivery, { words, style, hears }: Setting): Button[][] {
  if (delivery.actionRef === "" || style === "short" || !hears) return [];
  const [notMe, ...others] = VETO_BUTTONS.map(({ letter, label }) => ({
    label: words.text(label),
    id: `${letter}.${delivery.actionRef}`,
  }));
  return notMe === undefined ? [] : [[notMe], others];
}

/** The reverse for a pressed button; undefined for an id that no button of ours had. */
export function readButton(id: string): { readonly reason: 1 | 2 | 3; readonly actionRef: string } | undefined {
  const match = /^([nwc])\.([!-~]{1,24})$/.exec(id);
  const button = VETO_BUTTONS.find(({ letter }) => letter === match?.[1]);
  const actionRef = match?.[2];
  return button === undefined || actionRef === undefined ? undefined : { reason: button.reason, actionRef };
}

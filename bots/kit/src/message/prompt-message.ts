import { Secret } from "../secret.ts";
import type { MessageId } from "../wording/en.ts";
import type { Words } from "../wording/words.ts";
import type { Delivery } from "./delivery.ts";
import { groupDigits, type Message, type Row } from "./message.ts";
import { noticeRows } from "./notice-rows.ts";
import {
  aboutRows,
  buildMessage,
  contentRows,
  heading,
  phraseRow,
  requesterRows,
  strong,
  time,
  vetoButtons,
  type Setting,
} from "./pieces.ts";

/** The code-free first line, which push previews and lock screens show. The same for every transaction. */
export function noticeMessage({ words }: Setting): Message {
  return buildMessage(words, { preview: "waiting", blocks: [[[strong(words.text("waiting"))]]] });
}

function compareId(delivery: Delivery, words: Words): MessageId {
  const host = delivery.codeEntryOnHost;
  switch (delivery.mode) {
    case "A":
    case undefined:
      return host ? "compare-a-host" : "compare-a";
    case "B":
      // Beside the question of the short style there is room for one word only: the key's screen shows the same lines.
      return words.style === "short" && aboutRows(delivery, words).length > 0 ? "compare-a" : "compare-b";
    case "C":
      return host ? "compare-c-host" : "compare-c";
  }
}

function codeRows(delivery: Delivery, { words, zone }: Setting): Row[] {
  const { code, expiresAt } = delivery;
  const rows: Row[] = [];
  if (code !== undefined) {
    const grouped = new Secret("code", groupDigits(code.reveal(), words.direction));
    rows.push(words.row("code", { code: { style: "code", text: grouped } }));
  }
  if (expiresAt !== undefined) rows.push(words.row("valid-until", { time: time(expiresAt, zone) }));
  rows.push(words.row(delivery.codeEntryOnHost ? "warning-host" : "warning-key", { issuer: strong(delivery.issuer) }));
  return rows;
}

/**
 * The whole prompt: who, what, comparison, code, until when, warning, veto. The code comes after every line, so that
 * amount and payee are read first.
 */
export function promptMessage(delivery: Delivery, setting: Setting): Message {
  const { words } = setting;
  const blocks = [
    [...heading(delivery, words), ...phraseRow(delivery, words)],
    noticeRows(delivery, setting),
    [...aboutRows(delivery, words), ...requesterRows(delivery, words)],
    contentRows(delivery, words),
    [words.row(compareId(delivery, words))],
    codeRows(delivery, setting),
  ];
  return buildMessage(words, { preview: "waiting", blocks, buttons: vetoButtons(delivery, setting) });
}

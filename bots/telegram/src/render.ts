import { ChannelError, revealRun, type Message, type Run } from "@countersign/bot-kit";
import type { TelegramInlineKeyboardMarkup, TelegramMessageEntity } from "@gramio/types";

/** What `sendMessage` and `editMessageText` take. Holds the code: goes into one request and nowhere else. */
export interface Rendered {
  readonly text: string;
  readonly entities: TelegramMessageEntity[];
  readonly reply_markup: TelegramInlineKeyboardMarkup;
}

const LONGEST_TEXT = 4096;
const MOST_ENTITIES = 100;
const LONGEST_CALLBACK_DATA = 64;

// Telegram finds links, mentions, commands and hashtags in text by itself, but not inside `code`. Values, and names that
// could be read as one of these, so never become something to tap that leads elsewhere.
const TAPPABLE = /[@#$/\\]|\w\.\w/;

function entityType(run: Run): "code" | "bold" | undefined {
  switch (run.style) {
    case "plain":
      return undefined;
    case "strong":
      return TAPPABLE.test(run.text) ? "code" : "bold";
    case "value":
    case "code":
      return "code";
  }
}

/**
 * Renders a message for Telegram with explicit entities, so that nothing has to be escaped and every value arrives byte
 * for byte. Nothing is cut: throws ChannelError (permanent, does-not-fit).
 */
export function renderMessage(message: Message): Rendered {
  const entities: TelegramMessageEntity[] = [];
  let text = "";
  message.blocks.forEach((rows, block) => {
    rows.forEach((row, at) => {
      if (at > 0) text += "\n";
      else if (block > 0) text += "\n\n";
      for (const run of row) {
        const part = revealRun(run);
        const type = entityType(run);
        // Offsets count UTF-16 units, as JavaScript does.
        if (type !== undefined && part !== "") entities.push({ type, offset: text.length, length: part.length });
        text += part;
      }
    });
  });
  const keyboard = message.buttons.map((row) => row.map(({ label, id }) => ({ text: label, callback_data: id })));
  const fits =
    text.length <= LONGEST_TEXT &&
    entities.length <= MOST_ENTITIES &&
    message.buttons.flat().every(({ id }) => id !== "" && Buffer.byteLength(id) <= LONGEST_CALLBACK_DATA);
  if (!fits) throw new ChannelError({ fate: "permanent", detail: "does-not-fit" });
  return { text, entities, reply_markup: { inline_keyboard: keyboard } };
}

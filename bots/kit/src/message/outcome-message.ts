import { NoticeType } from "@countersign/proto/node/channel/v1/channel_service";
import { ChannelError } from "../channel-error.ts";
import type { Delivery } from "./delivery.ts";
import type { Message } from "./message.ts";
import { noticeRows } from "./notice-rows.ts";
import { buildMessage, contentRows, heading, phraseRow, strong, vetoButtons, type Setting } from "./pieces.ts";

/**
 * What became of a transaction, or a message of its own (alarm, freeze, link). Holds no code. The lines stand below it
 * where the mode shows them, else the tag alone; after TAMPERED they are introduced as what the relying party holds. In
 * short the tag stands for them: that something was stopped must fit, whatever it was.
 */
export function outcomeMessage(delivery: Delivery, setting: Setting): Message {
  const { words } = setting;
  const told = noticeRows(delivery, setting);
  if (told.length === 0) throw new ChannelError({ fate: "permanent", detail: "malformed-delivery" });
  const content = setting.style === "short" ? [] : contentRows(delivery, words);
  const holds =
    delivery.notice?.type === NoticeType.TAMPERED && content.length > 0
      ? [words.row("tampered-lines", { issuer: strong(delivery.issuer) })]
      : [];
  const blocks = [[...heading(delivery, words), ...phraseRow(delivery, words)], told, [...holds, ...content]];
  return buildMessage(words, { preview: "preview-news", blocks, buttons: vetoButtons(delivery, setting) });
}

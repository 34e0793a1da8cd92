import { Words } from "../wording/words.ts";
import type { Delivery } from "./delivery.ts";
import type { Manner, Message } from "./message.ts";
import { outcomeMessage } from "./outcome-message.ts";
import { noticeMessage, promptMessage } from "./prompt-message.ts";

/** Words a delivery in its user's language. What each message holds: docs/protocol/messages.md. */
export function messageFor(delivery: Delivery, manner: Manner): Message {
  const setting = { ...manner, words: Words.in(delivery.locale, manner.style) };
  switch (delivery.phase) {
    case "notice":
      return noticeMessage(setting);
    case "full":
      return promptMessage(delivery, setting);
    case "outcome":
    case "alert":
      return outcomeMessage(delivery, setting);
  }
}

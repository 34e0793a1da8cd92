import { Words } from "../wording/words.ts";
import type { Delivery } from "./delivery.ts";
import type { Message } from "./message.ts";
import { outcomeMessage } from "./outcome-message.ts";
import { noticeMessage, promptMessage } from "./prompt-message.ts";

/** Words a delivery in its user's language; `zone` is the IANA name of the zone in which times are shown. */
export function messageFor(delivery: Delivery, zone: string): Message {
  const setting = { words: Words.in(delivery.locale), zone };
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

import type { DeliveryAttempt, DeliveryEvent, DeliveryEventName } from "@countersign/sdk";
import { printable } from "./printable.ts";

const WORDS: Readonly<Record<DeliveryEventName, string>> = {
  UNSPECIFIED: "something this program does not know",
  QUEUED: "waits for its bot",
  HANDED: "handed to the bot",
  NOTICE_SENT: "notice without the code sent",
  SENT: "sent",
  EDITED: "a later text took its place",
  REACHED: "reached the phone",
  RETRIED: "did not leave, is tried again",
  UNKNOWN: "left, and no answer came",
  FAILED: "given up",
  WITHDRAWN: "no longer wanted",
};

/** Channels as people tell them apart: the second chat on a platform is `telegram 2`. No id of anything. */
export class ChannelNames {
  readonly #names = new Map<string, string>();

  of({ platform, linkId }: Pick<DeliveryEvent, "platform" | "linkId">): string {
    const known = this.#names.get(linkId);
    if (known !== undefined) return known;
    const before = [...this.#names.values()].filter((name) => name.split(" ", 1)[0] === platform).length;
    const name = before === 0 ? platform : `${platform} ${before + 1}`;
    this.#names.set(linkId, name);
    return name;
  }
}

/** `2026-11-22T14:30:00.120Z  telegram    sent (code 1)`. */
export function eventText(event: DeliveryEvent, names: ChannelNames): string {
  const { at, type, issue, reason } = event;
  const about = [issue === 0 ? "" : `code ${issue}`, reason].filter((each) => each !== "").join(", ");
  const text = `${at.toISOString()}  ${names.of(event).padEnd(10)}  ${WORDS[type]}`;
  return printable(about === "" ? text : `${text} (${about})`);
}

/** `telegram: SENT, code 1`. */
export function attemptText(attempt: DeliveryAttempt, names: ChannelNames): string {
  const { state, reason, issue } = attempt;
  const parts = [state, ...(reason === "" ? [] : [reason]), ...(issue === 0 ? [] : [`code ${issue}`])];
  return printable(`${names.of(attempt)}: ${parts.join(", ")}`);
}

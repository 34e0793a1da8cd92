import { ChannelError } from "@countersign/bot-kit";

/** A message in a room, as the core keeps it. `mayHoldCode`: it is redacted, never edited. */
export interface ShownMessage {
  readonly mayHoldCode: boolean;
  readonly room: string;
  readonly event: string;
}

/** `c|!room|$event` for a message with a code, `n|…` for one without. */
export function writeProviderId({ mayHoldCode, room, event }: ShownMessage): string {
  return [mayHoldCode ? "c" : "n", room, event].join("|");
}

/** Throws ChannelError (permanent, malformed-delivery) for an id that is not of this bot. */
export function readProviderId(id: string): ShownMessage {
  const [kind, room, event, more] = id.split("|");
  const known = kind === "c" || kind === "n";
  if (!known || more !== undefined || room?.startsWith("!") !== true || event?.startsWith("$") !== true) {
    throw new ChannelError({ fate: "permanent", detail: "malformed-delivery" });
  }
  return { mayHoldCode: kind === "c", room, event };
}

import { PinState, Subcommand } from "@countersign/key-protocol";
import type { Device } from "../device.ts";
import { donePrompt, menuPrompt } from "../display/prompts.ts";
import type { Ending, Flow, Prompt } from "../prompt.ts";
import { addFingerFlow, removeFingerFlow } from "./finger-flows.ts";
import { pinFlow } from "./pin-flow.ts";

/** What a person can do on the key by himself, without a PC. */
type Item = { readonly name: string; readonly flow: () => Flow<Ending> };

/**
 * The key's own menu, opened by holding OK while nothing is asked. No host takes part in it, and none gets a word in
 * before it is closed: an OK meant for the menu never lands on a page that a host has put in its place.
 */
export function* menuFlow(device: Device): Flow<Ending> {
  const items = itemsOf(device);
  if (items.length === 0) return local();
  for (;;) {
    const input = yield menuPrompt(items.map(({ name }) => name));
    if (input.type !== "key") continue;
    if (input.key === "reject" || input.key === "back") return local();
    const item = items[Number(input.key) - 1];
    if (item === undefined) continue;
    const { after } = yield* item.flow();
    return local(after ?? donePrompt(item.name));
  }
}

function itemsOf(device: Device): readonly Item[] {
  const { keypad, finger, vendor } = device.profile;
  // A plain FIDO2 key has neither a PIN of its own nor a display to choose on.
  if (!vendor) return [];
  const isSet = device.pin.state !== PinState.NONE;
  const pin: Item = isSet
    ? { name: "change PIN", flow: () => pinFlow(device, Subcommand.CHANGE_PIN) }
    : { name: "set PIN", flow: () => pinFlow(device, Subcommand.SET_PIN) };
  return [
    ...(keypad ? [pin] : []),
    ...(finger ? [{ name: "add finger", flow: () => addFingerFlow(device) }] : []),
    ...(finger && device.finger.slots.length > 0
      ? [{ name: "remove finger", flow: () => removeFingerFlow(device) }]
      : []),
  ];
}

function local(after?: Prompt): Ending {
  return { reply: new Uint8Array(0), ...(after === undefined ? {} : { after }) };
}

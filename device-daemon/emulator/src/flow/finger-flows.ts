import { encodeOk, encodeRefused, PinState, Status } from "@countersign/key-protocol";
import type { Device } from "../device.ts";
import { addFingerPrompt, donePrompt, endedPrompt, removeFingerPrompt } from "../display/prompts.ts";
import type { Ending, Flow } from "../prompt.ts";
import { MAX_FINGERS, type Touch } from "../storage/finger-guard.ts";
import { verifyHuman } from "./verify-human.ts";

/** Touches of one finger until it is known. */
const TOUCHES = 3;

/** Makes one more finger known. Wants the PIN or, on a key without keypad, a known finger, once there is one. */
export function* addFingerFlow(device: Device): Flow<Ending> {
  if (device.finger.slots.length >= MAX_FINGERS) return refused("no room for more");
  const stopped = yield* verifyOwner(device);
  if (stopped !== undefined) return stopped;
  const touch = yield* touchOften();
  if (touch === undefined) return refused("no finger was added");
  const slot = device.finger.enrol(touch);
  device.session.end();
  return { reply: encodeOk(), after: donePrompt(`finger ${slot} is known`) };
}

/** Forgets one finger, chosen by its number. */
export function* removeFingerFlow(device: Device): Flow<Ending> {
  const stopped = yield* verifyOwner(device);
  if (stopped !== undefined) return stopped;
  for (;;) {
    const input = yield removeFingerPrompt(device.finger.slots);
    if (input.type !== "key") continue;
    if (input.key === "reject" || input.key === "back") return refused("none was removed");
    const slot = Number(input.key);
    if (!device.finger.slots.includes(slot)) continue;
    device.finger.remove(slot);
    device.session.end();
    return { reply: encodeOk(), after: donePrompt(`finger ${slot} is removed`) };
  }
}

function* verifyOwner(device: Device): Flow<Ending | undefined> {
  const { keypad } = device.profile;
  if (keypad && device.pin.state === PinState.NONE) return refused("set a PIN first", Status.PIN_REQUIRED);
  if (!keypad && device.finger.slots.length === 0) return undefined;
  const verified = yield* verifyHuman(device, keypad ? "pin" : "biometric");
  if (verified === "reject" || verified === "back") return refused("fingers as before");
  return "refused" in verified
    ? { reply: encodeRefused(verified.refused), after: endedPrompt("fingers as before") }
    : undefined;
}

// The same finger each time; another one begins anew, one that the sensor could not read does not count.
function* touchOften(): Flow<Touch | undefined> {
  let known: Touch | undefined;
  let touches = 0;
  while (touches < TOUCHES) {
    const input = yield addFingerPrompt(TOUCHES - touches);
    if (input.type === "key" && (input.key === "reject" || input.key === "back")) return undefined;
    if (input.type !== "finger" || !input.match) continue;
    touches = known?.name === input.name ? touches + 1 : 1;
    known = input;
  }
  return known;
}

function refused(
  why: string,
  status: typeof Status.USER_DENIED | typeof Status.PIN_REQUIRED = Status.USER_DENIED,
): Ending {
  return { reply: encodeRefused({ status }), after: endedPrompt(why) };
}

import { PinState, type Refused, Status } from "@countersign/key-protocol";
import type { Device } from "../device.ts";
import { fingerPrompt, pinLockedPrompt, pinPrompt } from "../display/prompts.ts";
import type { Flow } from "../prompt.ts";
import { PIN_DIGITS } from "../storage/pin-guard.ts";
import type { Proven } from "../user-session.ts";
import { enterDigits } from "./enter-digits.ts";

/** How it ended: proven, the person said no or went back, or the key refuses. */
export type Verified = { readonly proven: Proven } | "reject" | "back" | { readonly refused: Refused };

/** Wrong fingers before the sensor rests until the next unplug. */
const WRONG_FINGERS = 5;

/** Takes PIN or finger. Only the key sees either. */
export function* verifyHuman(device: Device): Flow<Verified> {
  if (!device.profile.keypad) return device.profile.finger ? yield* takeFinger() : needsPin;
  switch (device.pin.state) {
    case PinState.NONE:
      return needsPin;
    case PinState.SET:
      return yield* takePin(device);
    case PinState.UNPLUG:
    case PinState.BLOCKED:
      return yield* showLocked(device);
  }
}

const needsPin: Verified = { refused: { status: Status.PIN_REQUIRED } };

function* takePin(device: Device): Flow<Verified> {
  const { pin } = device;
  let note = "";
  for (;;) {
    const entry = yield* enterPin(device, note);
    if (typeof entry === "string") return entry;
    if (pin.check(entry.digits)) return { proven: "pin" };
    if (pin.state === PinState.BLOCKED) return { refused: { status: Status.PIN_BLOCKED, retries: 0 } };
    if (pin.state === PinState.UNPLUG) return { refused: { status: Status.PIN_INVALID, retries: pin.retries } };
    note = "wrong PIN";
  }
}

/** One PIN entry, not yet checked. */
export function enterPin(device: Device, note: string): ReturnType<typeof enterDigits> {
  return enterDigits(PIN_DIGITS, (typed) => pinPrompt(typed.length, device.pin.retries, note));
}

// Approving is out of reach, rejecting is not: the page stays until the person chooses.
function* showLocked(device: Device): Flow<Verified> {
  for (;;) {
    const input = yield pinLockedPrompt(device.pin.retries);
    if (input.type !== "key") continue;
    if (input.key === "reject" || input.key === "back") return input.key;
    if (input.key === "ok") return { refused: { status: Status.PIN_BLOCKED, retries: device.pin.retries } };
  }
}

function* takeFinger(): Flow<Verified> {
  for (let wrong = 0; wrong < WRONG_FINGERS;) {
    const input = yield fingerPrompt(wrong === 0 ? "" : "not recognised");
    if (input.type === "finger") {
      if (input.match) return { proven: "biometric" };
      wrong++;
    } else if (input.type === "key" && (input.key === "reject" || input.key === "back")) {
      return input.key;
    }
  }
  return { refused: { status: Status.NOT_ALLOWED } };
}

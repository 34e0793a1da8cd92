import { PinState, type Refused, Status } from "@countersign/key-protocol";
import type { Device } from "../device.ts";
import { fingerPrompt, pinLockedPrompt, pinPrompt } from "../display/prompts.ts";
import type { Flow } from "../prompt.ts";
import { PIN_DIGITS } from "../storage/pin-guard.ts";
import type { Proven } from "../user-session.ts";
import { enterDigits, type Entry } from "./enter-digits.ts";

/** How it ended: proven, the person said no or went back, or the key refuses. */
export type Verified = { readonly proven: Proven } | "reject" | "back" | { readonly refused: Refused };

/** Whether anything was set up by which the key can tell its user: a PIN or, on a key without keypad, a finger. */
export function canVerify(device: Device): boolean {
  if (device.profile.keypad) return device.pin.state !== PinState.NONE;
  return device.profile.finger && device.finger.slots.length > 0;
}

/**
 * Takes PIN or finger. Only the key sees either. `only` holds the person to one of them; else a key with keypad takes the
 * PIN, and a known finger in its place for as long as the sensor does not rest.
 */
export function* verifyHuman(device: Device, only?: Proven): Flow<Verified> {
  if (!canVerify(device)) return needsPin;
  if (!device.profile.keypad || only === "biometric") return yield* takeFinger(device);
  switch (device.pin.state) {
    case PinState.NONE:
      return needsPin;
    case PinState.SET:
      return yield* takePin(device, only === undefined && device.profile.finger);
    case PinState.UNPLUG:
    case PinState.BLOCKED:
      return yield* showLocked(device);
  }
}

const needsPin: Verified = { refused: { status: Status.PIN_REQUIRED } };

function* takePin(device: Device, orFinger: boolean): Flow<Verified> {
  const { pin, finger } = device;
  let note = "";
  for (;;) {
    const takesFinger = orFinger && finger.isOpen;
    const shown = orFinger && finger.slots.length > 0 && !finger.isOpen && note === "" ? "the sensor rests" : note;
    const entry = yield* enterPin(device, shown, takesFinger);
    if (typeof entry === "string") return entry;
    if ("touch" in entry) {
      if (finger.check(entry.touch)) return { proven: "biometric" };
      note = finger.isOpen ? "not recognised" : "give the PIN";
      continue;
    }
    if (pin.check(entry.digits)) {
      finger.wake();
      return { proven: "pin" };
    }
    if (pin.state === PinState.BLOCKED) return { refused: { status: Status.PIN_BLOCKED, retries: 0 } };
    if (pin.state === PinState.UNPLUG) return { refused: { status: Status.PIN_INVALID, retries: pin.retries } };
    note = "wrong PIN";
  }
}

/** One PIN entry, not yet checked. */
export function enterPin(device: Device, note: string, finger = false): Flow<Entry> {
  return enterDigits(PIN_DIGITS, (typed) => pinPrompt(typed.length, device.pin.retries, note, finger), finger);
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

function* takeFinger({ finger }: Device): Flow<Verified> {
  let note = "";
  while (finger.isOpen) {
    const input = yield fingerPrompt(note);
    if (input.type === "finger") {
      if (finger.check(input)) return { proven: "biometric" };
      note = "not recognised";
    } else if (input.type === "key" && (input.key === "reject" || input.key === "back")) {
      return input.key;
    }
  }
  return { refused: { status: finger.slots.length === 0 ? Status.PIN_REQUIRED : Status.NOT_ALLOWED } };
}

import { encodeOk, encodeRefused, PinState, Status, Subcommand } from "@countersign/key-protocol";
import type { Device } from "../device.ts";
import { endedPrompt, newPinPrompt } from "../display/prompts.ts";
import type { Ending, Flow } from "../prompt.ts";
import { PIN_DIGITS } from "../storage/pin-guard.ts";
import { enterDigits } from "./enter-digits.ts";
import { verifyHuman } from "./verify-human.ts";

type PinRequest = typeof Subcommand.SET_PIN | typeof Subcommand.CHANGE_PIN;

/** Sets the first PIN, or changes it after the old one. Everything is typed on the key. */
export function* pinFlow(device: Device, subcommand: PinRequest): Flow<Ending> {
  if (!device.profile.keypad) return { reply: encodeRefused({ status: Status.UNSUPPORTED }) };
  const isSet = device.pin.state !== PinState.NONE;
  if (isSet !== (subcommand === Subcommand.CHANGE_PIN)) {
    return { reply: encodeRefused({ status: isSet ? Status.NOT_ALLOWED : Status.PIN_REQUIRED }) };
  }
  if (isSet) {
    const verified = yield* verifyHuman(device, "pin");
    if (verified === "reject" || verified === "back") return denied();
    if ("refused" in verified) return { reply: encodeRefused(verified.refused), after: endedPrompt("PIN not changed") };
  }
  const pin = yield* typeTwice();
  if (pin === undefined) return denied();
  device.pin.set(pin);
  device.session.end();
  return { reply: encodeOk() };
}

function* typeTwice(): Flow<string | undefined> {
  let note = "";
  for (;;) {
    const shown = note;
    const first = yield* enterDigits(PIN_DIGITS, (typed) => newPinPrompt("new-pin", typed.length, shown));
    if (typeof first === "string") return undefined;
    const again = yield* enterDigits(PIN_DIGITS, (typed) => newPinPrompt("repeat-pin", typed.length, ""));
    if (again === "reject") return undefined;
    if (again !== "back" && again.digits === first.digits) return first.digits;
    note = again === "back" ? "" : "not the same";
  }
}

function denied(): Ending {
  return { reply: encodeRefused({ status: Status.USER_DENIED }), after: endedPrompt("PIN not changed") };
}

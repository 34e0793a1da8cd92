import { type AuthenticatorInfo, CtapStatus, PIN_LENGTH, WaitsFor } from "@countersign/key-protocol";
import { utf8 } from "@countersign/protocol";
import type { Watch } from "../hid/hid-channel.ts";
import type { Prompt } from "../prompt/prompt.ts";
import { newPinAsk, oldPinAsk, repeatPinAsk } from "../prompt/prompt-text.ts";
import type { Secret } from "../prompt/secret.ts";
import { closedByUser, FidoRefusal } from "./fido-refusal.ts";
import type { PinAuth } from "./pin-auth.ts";

/** The first PIN of a key, or a new one after the old; a PIN that is no PIN is asked for again. */
export async function setPinByPrompt(
  info: AuthenticatorInfo,
  pinAuth: PinAuth | undefined,
  prompt: Prompt,
  watch: Watch,
): Promise<void> {
  const isSet = info.options.get("clientPin");
  if (isSet === undefined || pinAuth === undefined) {
    throw new FidoRefusal(CtapStatus.UNSUPPORTED_OPTION, { words: "the key can have no PIN" });
  }
  watch.onStep?.(WaitsFor.PIN);
  if (!isSet) return pinAuth.setPin(await newPin(info, prompt, watch.signal), watch);
  let wrong: FidoRefusal | undefined;
  for (;;) {
    const old = await prompt.pin(oldPinAsk(wrong), watch.signal);
    if (old === undefined) throw closedByUser();
    const pin = await newPin(info, prompt, watch.signal);
    try {
      return await pinAuth.changePin(old, pin, watch);
    } catch (cause) {
      if (!(cause instanceof FidoRefusal) || cause.code !== CtapStatus.PIN_INVALID) throw cause;
      wrong = cause;
    }
  }
}

async function newPin(info: AuthenticatorInfo, prompt: Prompt, signal: AbortSignal): Promise<Secret> {
  let problem: string | undefined;
  for (;;) {
    const pin = await prompt.pin(newPinAsk(info.minPinLength, problem), signal);
    if (pin === undefined) throw closedByUser();
    problem = problemOf(pin, info.minPinLength);
    if (problem !== undefined) continue;
    const again = await prompt.pin(repeatPinAsk(), signal);
    if (again === undefined) throw closedByUser();
    if (again.reveal().normalize("NFC") === pin.reveal().normalize("NFC")) return pin;
    problem = "The two PINs differ.";
  }
}

function problemOf(pin: Secret, minLength: number): string | undefined {
  const text = pin.reveal().normalize("NFC");
  if (!text.isWellFormed()) return "This PIN holds characters that cannot be written.";
  if ([...text].length < minLength) return `A PIN has at least ${minLength} characters.`;
  return utf8(text).length > PIN_LENGTH.maxBytes ? "This PIN is too long." : undefined;
}

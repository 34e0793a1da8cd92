import { type AuthenticatorInfo, type AuthParam, CtapStatus, PIN_LENGTH, WaitsFor } from "@countersign/key-protocol";
import type { Watch } from "../hid/hid-channel.ts";
import type { Prompt } from "../prompt/prompt.ts";
import { pinAsk } from "../prompt/prompt-text.ts";
import { closedByUser, FidoRefusal } from "./fido-refusal.ts";
import type { PinAuth, Token, TokenUse } from "./pin-auth.ts";

/** How a key can verify its user. "finger": gives a token for it. "built-in": verifies within the request itself. */
export type Way = "finger" | "built-in" | "pin";

/** What goes into a request so that its user counts as verified. */
export interface Verification {
  /** Members of makeCredential or getAssertion, for its clientDataHash. */
  membersOver(clientDataHash: Uint8Array): { readonly auth?: AuthParam; readonly uv?: true };
}

/** Fingers that are tried before the PIN is asked for; the key counts for itself, too. */
const FINGER_TRIES = 3;

/**
 * The ways that a key has, the better first. Empty is never returned: a key that can verify nobody is refused with what
 * to do, because a signature without a verified user approves nothing.
 */
export function waysOf(info: AuthenticatorInfo, hasPinAuth: boolean): readonly Way[] {
  const option = (name: string): boolean => info.options.get(name) === true;
  const ways: Way[] = [];
  if (option("uv")) ways.push(option("pinUvAuthToken") && hasPinAuth ? "finger" : "built-in");
  if (option("clientPin") && hasPinAuth && !option("noMcGaPermissionsWithClientPin")) ways.push("pin");
  if (ways.length > 0) return ways;
  if (info.options.get("clientPin") === false) throw new FidoRefusal(CtapStatus.PIN_NOT_SET);
  const words = "the key can verify nobody: it has neither PIN nor finger sensor; take another key";
  throw new FidoRefusal(CtapStatus.UNSUPPORTED_OPTION, { words });
}

/** Who is asked, and for what. */
export interface VerifyGiven {
  readonly info: AuthenticatorInfo;
  readonly pinAuth: PinAuth | undefined;
  readonly use: TokenUse;
  readonly prompt: Prompt;
  readonly watch: Watch;
  /** For the prompt: which key, and what the PIN is asked for. */
  readonly about: readonly string[];
}

/** Verifies the user by finger or PIN, then lets `act` use that. Rejects as FidoKey's methods do. */
export async function withVerifiedUser<T>(given: VerifyGiven, act: (user: Verification) => Promise<T>): Promise<T> {
  const ways = waysOf(given.info, given.pinAuth !== undefined);
  let refusal: FidoRefusal | undefined;
  for (const way of ways) {
    try {
      return await act(await verify(given, way));
    } catch (cause) {
      if (!(cause instanceof FidoRefusal) || way === "pin" || !endsFinger(cause)) throw cause;
      refusal = cause;
    }
  }
  throw refusal ?? closedByUser();
}

// What says "not by finger", so that the PIN is worth asking for. Some keys list "uv" and then know no such option.
function endsFinger({ code }: FidoRefusal): boolean {
  const { UV_BLOCKED, UV_INVALID, PUAT_REQUIRED, UNSUPPORTED_OPTION, INVALID_OPTION } = CtapStatus;
  const codes: readonly number[] = [UV_BLOCKED, UV_INVALID, PUAT_REQUIRED, UNSUPPORTED_OPTION, INVALID_OPTION];
  return codes.includes(code);
}

async function verify(given: VerifyGiven, way: Way): Promise<Verification> {
  if (way === "built-in" || given.pinAuth === undefined) return { membersOver: () => ({ uv: true }) };
  const token = way === "finger" ? await byFinger(given, given.pinAuth) : await byPin(given, given.pinAuth);
  return { membersOver: (hash) => ({ auth: { protocol: token.protocol, param: token.over(hash) } }) };
}

async function byFinger({ use, watch }: VerifyGiven, pinAuth: PinAuth): Promise<Token> {
  for (let tries = FINGER_TRIES; ; tries--) {
    try {
      return await pinAuth.tokenByUv(use, watch);
    } catch (cause) {
      const again = cause instanceof FidoRefusal && cause.code === CtapStatus.UV_INVALID && cause.retries !== 0;
      if (!again || tries <= 1) throw cause;
    }
  }
}

async function byPin({ info, use, prompt, watch, about }: VerifyGiven, pinAuth: PinAuth): Promise<Token> {
  if (info.forcePinChange) {
    const words = "the key wants its PIN changed first: countersign key set-pin";
    throw new FidoRefusal(CtapStatus.PIN_POLICY_VIOLATION, { words });
  }
  let wrong: FidoRefusal | undefined;
  for (;;) {
    watch.onStep?.(WaitsFor.PIN);
    const pin = await prompt.pin(pinAsk(about, wrong), watch.signal);
    if (pin === undefined) throw closedByUser();
    // Enter by mistake: no PIN is that short, and the key would count it.
    if ([...pin.reveal().normalize("NFC")].length < PIN_LENGTH.minCodePoints) continue;
    try {
      return await pinAuth.tokenByPin(pin, use, watch);
    } catch (cause) {
      if (!(cause instanceof FidoRefusal) || cause.code !== CtapStatus.PIN_INVALID) throw cause;
      wrong = cause;
    }
  }
}

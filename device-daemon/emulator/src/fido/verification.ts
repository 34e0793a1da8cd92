import { CtapError, type CtapFields, CtapStatus } from "@countersign/key-protocol";
import type { Flow } from "../prompt.ts";
import type { AuthParam } from "./auth-param.ts";
import { type FidoDevice, isProtected } from "./fido-device.ts";
import type { FidoQuestion } from "./pages.ts";
import type { Permission } from "./permission.ts";
import { takeFinger, takePresence } from "./presence.ts";

/** The options of makeCredential and getAssertion. */
export interface Options {
  readonly rk: boolean;
  readonly uv: boolean;
  readonly up: boolean;
}

/** Reads the options map; names that nobody knows are passed over. Throws CtapError INVALID_OPTION. */
export function readOptions(fields: CtapFields, key: number, device: FidoDevice, hasAuth: boolean): Options {
  const map = fields.has(key) ? fields.map(key) : undefined;
  const option = (name: string): boolean | undefined => map?.optional(name, (each) => map.bool(each));
  // A token says it already; both together mean the token.
  const uv = option("uv") === true && !hasAuth;
  if (uv && !device.uv.isReady) throw new CtapError(CtapStatus.INVALID_OPTION, "the key cannot verify by itself");
  return { rk: option("rk") ?? false, uv, up: option("up") ?? true };
}

/** What a request brings as proof of its user. */
export interface Proof {
  readonly auth: AuthParam | undefined;
  readonly clientDataHash: Uint8Array;
  readonly rpId: string;
  readonly permission: Permission;
  /** The key's own sensor is asked. */
  readonly uv: boolean;
  /** Nobody is asked and nobody is said to be there: the host looks which key has a credential. */
  readonly silent?: boolean;
  /** Without any proof it is refused where verification is set up. */
  readonly required: boolean;
}

/** Settles whether the user is verified, by token or finger. Throws CtapError. `touched`: a finger is presence too. */
export function* verifyUser(
  device: FidoDevice,
  proof: Proof,
): Flow<{ readonly verified: boolean; readonly touched: boolean }> {
  if (proof.auth !== undefined) {
    device.token.check({
      ...proof.auth,
      message: proof.clientDataHash,
      permission: proof.permission,
      rpId: proof.rpId,
    });
    return { verified: true, touched: false };
  }
  const { alwaysVerify } = device.vault.state;
  const mustVerify = alwaysVerify && proof.silent !== true;
  const byFinger = proof.uv || (mustVerify && device.uv.isReady);
  if (byFinger) {
    yield* takeFinger(device, proof.rpId);
    return { verified: true, touched: true };
  }
  if ((proof.required && isProtected(device)) || mustVerify) {
    throw new CtapError(CtapStatus.PUAT_REQUIRED, "PIN or finger is needed");
  }
  return { verified: false, touched: false };
}

/** An empty pinUvAuthParam: the person only shows which key he means. Always throws CtapError. */
export function* chooseByTouch(device: FidoDevice, question: FidoQuestion, rpId: string): Flow<never> {
  yield* takePresence(question, rpId);
  throw new CtapError(device.pin.isSet ? CtapStatus.PIN_INVALID : CtapStatus.PIN_NOT_SET, "this key was chosen");
}

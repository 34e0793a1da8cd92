import type { KeyClock, Profile } from "../device.ts";
import type { Random } from "../storage/random.ts";
import type { ClientPinGuard } from "./client-pin-guard.ts";
import type { FidoVault } from "./fido-vault.ts";
import type { PinUvToken } from "./pin-uv-token.ts";
import type { UvGuard } from "./uv-guard.ts";

/** Longest serialised large-blob array, in bytes; FIDO asks for at least 1024. */
export const MAX_LARGE_BLOBS = 1024;

/** Longest blob in a credential, in bytes. */
export const MAX_BLOB = 32;

/** Discoverable credentials that have room. */
export const MAX_RESIDENTS = 25;

/** Credential ids in one list. */
export const MAX_IN_LIST = 8;

/** RP ids that may be told the shortest PIN. */
export const MAX_MIN_PIN_RP_IDS = 4;

/** What FIDO's commands work with. */
export interface FidoDevice {
  readonly profile: Profile;
  readonly clock: KeyClock;
  readonly random: Random;
  readonly vault: FidoVault;
  readonly pin: ClientPinGuard;
  readonly uv: UvGuard;
  readonly token: PinUvToken;
}

/** Some user verification is set up: what needs it is refused without. */
export function isProtected(device: FidoDevice): boolean {
  return device.pin.isSet || device.uv.isReady;
}

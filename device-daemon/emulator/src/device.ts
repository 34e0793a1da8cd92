import { GlyphProfile, KEY_PROTOCOL_VERSION, KeyAlgorithm, type KeyInfo, MAX_MESSAGE } from "@countersign/key-protocol";
import { REGISTRY_VERSION } from "@countersign/protocol";
import type { DisplaySize } from "./display/display-size.ts";
import type { FingerGuard } from "./storage/finger-guard.ts";
import type { PinGuard } from "./storage/pin-guard.ts";
import type { Random } from "./storage/random.ts";
import type { Vault } from "./storage/vault.ts";
import type { UserSession } from "./user-session.ts";

/** Version that attestations and getInfo name. */
export const FIRMWARE = "0.1.0";

/** What this key is built with. */
export interface Profile {
  readonly model: string;
  readonly serial: string;
  /** It has the Countersign interface; a plain FIDO2 key has not. */
  readonly vendor: boolean;
  readonly display: boolean;
  /** Of the display, where there is one. */
  readonly size: DisplaySize;
  readonly keypad: boolean;
  /** A finger sensor. */
  readonly finger: boolean;
  readonly glyphs: "latin" | "ascii";
  /** FIDO attestations under the new credential's own key, as of a device without certificate. */
  readonly selfAttestation?: boolean;
}

/** Time of the key: milliseconds that never go back. The key has no idea of the date. */
export interface KeyClock {
  now(): number;
}

/** What flows work with. */
export interface Device {
  readonly profile: Profile;
  readonly clock: KeyClock;
  readonly random: Random;
  readonly vault: Vault;
  readonly pin: PinGuard;
  readonly finger: FingerGuard;
  readonly session: UserSession;
}

/** The answer to getInfo. */
export function infoOf(device: Device): KeyInfo {
  const { profile, pin } = device;
  return {
    protocolVersion: KEY_PROTOCOL_VERSION,
    model: profile.model,
    serial: profile.serial,
    ...(profile.display ? { display: { columns: profile.size.columns, rows: profile.size.rows } } : {}),
    keypad: profile.keypad,
    biometric: profile.finger,
    algorithms: [KeyAlgorithm.ES256],
    maxRequest: MAX_MESSAGE,
    registryVersion: REGISTRY_VERSION,
    glyphProfile: profile.glyphs === "ascii" ? GlyphProfile.ASCII : GlyphProfile.LATIN,
    pinState: pin.state,
    retries: pin.retries,
    firmware: FIRMWARE,
  };
}

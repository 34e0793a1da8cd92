import { type Device, type KeyClock, type Profile } from "./device.ts";
import { Authenticator } from "./fido/authenticator.ts";
import { Firmware } from "./firmware.ts";
import { menuFlow } from "./flow/menu-flow.ts";
import { FIDO_DIALECT, VENDOR_DIALECT } from "./link/dialect.ts";
import { HidLink } from "./link/hid-link.ts";
import type { Input } from "./prompt.ts";
import { Runner, type Screen } from "./runner.ts";
import type { KeyStore } from "./storage/key-store.ts";
import { FingerGuard } from "./storage/finger-guard.ts";
import { PinGuard } from "./storage/pin-guard.ts";
import type { Random } from "./storage/random.ts";
import { Vault } from "./storage/vault.ts";
import { UserSession } from "./user-session.ts";

/** The HID interfaces of a key: FIDO (usage page 0xF1D0) and Countersign (0xFF43). */
export type InterfaceName = "fido" | "vendor";

/** What a key is put together from. Everything outside the chip comes in here. */
export interface KeyGiven {
  readonly profile: Profile;
  readonly store: KeyStore;
  readonly clock: KeyClock;
  readonly random: Random;
  /** Takes each 64-byte report for the host, by the interface that sends it. */
  readonly sendReport: Readonly<Record<InterfaceName, (report: Uint8Array) => void>>;
}

/** The host's way into one interface. */
export interface KeyInterface {
  /** A report of the host; none makes it throw. */
  receive(report: Uint8Array): void;
}

/** A key under power. To unplug it, drop it: what it had in memory is gone, what it stored is in the store. */
export interface PoweredKey {
  /** A plain FIDO2 key has no vendor interface. */
  readonly interfaces: { readonly fido: KeyInterface; readonly vendor?: KeyInterface };
  /** A button or a finger. False when it came so soon after a change of the page that the key does not take it. */
  input(input: Input): boolean;
  /** To be called at least every 100 ms. */
  tick(): void;
  screen(): Screen;
}

/** Gives a key its power. Throws when its store cannot be opened. */
export function powerOn(given: KeyGiven): PoweredKey {
  const { profile, clock, random, sendReport } = given;
  const vault = new Vault(given.store);
  const pin = new PinGuard(vault, random);
  const finger = new FingerGuard(vault, random, profile.keypad);
  const device: Device = { profile, clock, random, vault, pin, finger, session: new UserSession(clock) };
  const runner = new Runner(device, () => menuFlow(device));
  const fido: HidLink = new HidLink({
    dialect: FIDO_DIALECT,
    application: new Authenticator(device, runner),
    send: sendReport.fido,
    elsewhere: () => vendor.busy || runner.isLocal,
    clock,
    random,
  });
  const vendor: HidLink = new HidLink({
    dialect: VENDOR_DIALECT,
    application: new Firmware(device, runner),
    send: sendReport.vendor,
    elsewhere: () => fido.busy || runner.isLocal,
    clock,
    random,
  });
  const sayNow = (): void => {
    fido.tick();
    vendor.tick();
  };
  // Whatever the key waits for now is said at once, so that the host sees each step, however short.
  const end = (link: HidLink): KeyInterface => ({
    receive: (report) => {
      link.receive(report);
      sayNow();
    },
  });
  return {
    interfaces: { fido: end(fido), ...(profile.vendor ? { vendor: end(vendor) } : {}) },
    input: (input) => {
      const isTaken = runner.input(input);
      sayNow();
      return isTaken;
    },
    tick: () => {
      // Keepalive first: "computing" is said before the computing is done and answered.
      sayNow();
      runner.tick();
    },
    screen: () => runner.screen(),
  };
}

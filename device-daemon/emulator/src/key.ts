import { type Device, type KeyClock, type Profile } from "./device.ts";
import { Firmware, type Screen } from "./firmware.ts";
import { HidLink } from "./link/hid-link.ts";
import type { Input } from "./prompt.ts";
import type { KeyStore } from "./storage/key-store.ts";
import { PinGuard } from "./storage/pin-guard.ts";
import type { Random } from "./storage/random.ts";
import { Vault } from "./storage/vault.ts";
import { UserSession } from "./user-session.ts";

/** What a key is put together from. Everything outside the chip comes in here. */
export interface KeyGiven {
  readonly profile: Profile;
  readonly store: KeyStore;
  readonly clock: KeyClock;
  readonly random: Random;
  /** Takes each 64-byte report for the host. */
  readonly sendReport: (report: Uint8Array) => void;
}

/** A key under power. To unplug it, drop it: what it had in memory is gone, what it stored is in the store. */
export interface PoweredKey {
  /** A report of the host. */
  receive(report: Uint8Array): void;
  /** A button or a finger. */
  input(input: Input): void;
  /** To be called at least every 100 ms. */
  tick(): void;
  screen(): Screen;
}

/** Gives a key its power. Throws when its store cannot be opened. */
export function powerOn(given: KeyGiven): PoweredKey {
  const { profile, clock, random } = given;
  const vault = new Vault(given.store);
  const pin = new PinGuard(vault, random);
  const device: Device = { profile, clock, random, vault, pin, session: new UserSession(clock) };
  const firmware = new Firmware(device);
  const link = new HidLink({ application: firmware, send: given.sendReport, clock, random });
  return {
    // Whatever the key waits for now is said at once, so that the host sees each step, however short.
    receive: (report) => {
      link.receive(report);
      link.tick();
    },
    input: (input) => {
      firmware.input(input);
      link.tick();
    },
    tick: () => {
      // Keepalive first: "computing" is said before the computing is done and answered.
      link.tick();
      firmware.tick();
    },
    screen: () => firmware.screen(),
  };
}

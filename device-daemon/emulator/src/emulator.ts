import { randomBytes, X509Certificate } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { Backend } from "./backend/backend.ts";
import type { Plugs } from "./backend/plugs.ts";
import { ScreenBoard } from "./control/screen-board.ts";
import type { KeyClock, Profile } from "./device.ts";
import { decodeFidoState } from "./fido/fido-state.ts";
import { type InterfaceName, type PoweredKey, powerOn } from "./key.ts";
import type { Input } from "./prompt.ts";
import type { Screen } from "./runner.ts";
import type { KeyStore } from "./storage/key-store.ts";
import { publicKeyOf } from "./storage/signing-key.ts";

/** How often the key's clock is looked at, in milliseconds. */
const TICK_MS = 20;

const DARK: Screen = { page: "unplugged", rows: [], lights: { pin: false, code: false, busy: false } };

/** A key on a bus, with a plug that can be pulled. */
export class Emulator {
  readonly board: ScreenBoard;
  readonly profile: Profile;
  readonly #store: KeyStore;
  readonly #clock: KeyClock;
  readonly #backends: Readonly<Partial<Record<InterfaceName, Backend>>>;
  #key: PoweredKey | undefined;
  #ticking: NodeJS.Timeout | undefined;

  /** `clock`: absent, the time of this machine. */
  constructor(given: {
    readonly profile: Profile;
    readonly store: KeyStore;
    readonly plugs: Plugs;
    readonly clock?: KeyClock;
  }) {
    this.profile = given.profile;
    this.#store = given.store;
    this.#clock = given.clock ?? performance;
    const { fido, vendor } = given.plugs;
    this.#backends = {
      ...(fido === undefined ? {} : { fido: fido((report) => this.#receive("fido", report)) }),
      ...(vendor === undefined ? {} : { vendor: vendor((report) => this.#receive("vendor", report)) }),
    };
    this.board = new ScreenBoard(() => this.#key?.screen() ?? DARK);
  }

  /** COSE_Key of the device's own key, for the list of attestation keys that a core trusts. The key must have had power. */
  attestationKey(): Uint8Array {
    const state = this.#store.load();
    if (state === undefined) throw new Error("a key that never had power has no attestation key; plug it first");
    return publicKeyOf(state.attestation.privateKey);
  }

  /** PEM of the certificate that issued the device's FIDO certificate, for the list of roots that a core trusts. */
  fidoRoot(): string {
    const fido = this.#store.load()?.fido;
    if (fido === undefined) throw new Error("a key that never had power has no FIDO certificate; plug it first");
    return new X509Certificate(decodeFidoState(fido).attestation.issuer).toString();
  }

  /** Gives it power; it appears on its bus. Rejects where the bus does not take it. */
  async plug(): Promise<void> {
    if (this.#key !== undefined) return;
    this.#key = powerOn({
      profile: this.profile,
      store: this.#store,
      clock: this.#clock,
      random: (length) => new Uint8Array(randomBytes(length)),
      sendReport: {
        fido: (report) => this.#backends.fido?.send(report),
        vendor: (report) => this.#backends.vendor?.send(report),
      },
    });
    await Promise.all(Object.values(this.#backends).map(async (backend) => backend.plug()));
    // After what has arrived: a machine that stood still must not find the rest of a message late that was there in time.
    this.#ticking = setInterval(() => setImmediate(() => this.#tick()), TICK_MS);
    this.board.refresh();
  }

  /** Takes the power away: what it had in memory is gone. */
  async unplug(): Promise<void> {
    clearInterval(this.#ticking);
    this.#key = undefined;
    this.board.refresh();
    await Promise.all(Object.values(this.#backends).map(async (backend) => backend.unplug()));
  }

  /** A button or a finger; nothing happens on an unplugged key. False: the page has just changed, it was not taken. */
  input(input: Input): boolean {
    const isTaken = this.#key?.input(input) ?? true;
    this.board.refresh();
    return isTaken;
  }

  #tick(): void {
    this.#key?.tick();
    this.board.refresh();
  }

  #receive(name: InterfaceName, report: Uint8Array): void {
    this.#key?.interfaces[name]?.receive(report);
    this.board.refresh();
  }
}

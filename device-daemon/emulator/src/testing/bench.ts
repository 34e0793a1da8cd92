import {
  BROADCAST,
  decodeAnswer,
  decodeInitAnswer,
  decodeKeepalive,
  encodeMessage,
  encodeRequest,
  type EnrolKey,
  HidCommand,
  type KeyRequest,
  type Message,
  parseReport,
  type Present,
  Reassembler,
  Subcommand,
} from "@countersign/key-protocol";
import { encodeContent, Kind, type Line, Mode, renderFields } from "@countersign/protocol";
import type { Profile } from "../device.ts";
import { USUAL } from "../display/display-size.ts";
import { type InterfaceName, type PoweredKey, powerOn } from "../key.ts";
import type { Input, KeypadKey } from "../prompt.ts";
import { SETTLE_MS } from "../runner.ts";
import { type KeyStore, MemoryKeyStore } from "../storage/key-store.ts";

/** A full key: display, keypad, Latin glyphs. */
export const FULL: Profile = {
  model: "emulator",
  serial: "TEST-1",
  vendor: true,
  display: true,
  size: USUAL,
  keypad: true,
  finger: false,
  glyphs: "latin",
};

/** PIN of the person at the bench. */
export const PIN = "482915";

/** The server that the bench enrols with. */
export const SERVER_ID: Uint8Array = new Uint8Array(16).fill(0x5e);

/** A message of the key with its interface and channel. */
export type Heard = Message & { readonly port: InterfaceName; readonly channel: number };

/** A key on the workbench: its clock is turned by hand, every report is seen. */
export class Bench {
  readonly profile: Profile;
  readonly store: KeyStore;
  /** Every report, both ways. */
  readonly reports: { readonly from: "host" | "key"; readonly bytes: Uint8Array }[] = [];
  /** Every message of the key but keepalives, in order. */
  readonly heard: Heard[] = [];
  /** What keepalives said, each change once. */
  readonly waited: number[] = [];
  /** Every screen's rows that a tick or input left. */
  readonly shown: string[] = [];
  /** The interface that the host speaks to. */
  port: InterfaceName = "vendor";
  #key: PoweredKey;
  #now = 1_000;
  #random = 1;
  #messages = new Map<string, Reassembler>();

  constructor(profile: Partial<Profile> = {}, store: KeyStore = new MemoryKeyStore()) {
    this.profile = { ...FULL, ...profile };
    this.store = store;
    this.#key = this.#power();
  }

  get key(): PoweredKey {
    return this.#key;
  }

  /** Unplug and plug: memory is gone, the store stays, channels are dead. */
  replug(): void {
    this.#messages.clear();
    this.#key = this.#power();
  }

  /** Turns the clock and ticks once at the end. */
  pass(ms: number): void {
    this.#now += ms;
    this.tick();
  }

  tick(): void {
    this.#key.tick();
    this.#look();
  }

  /** Sends raw reports. */
  send(...reports: readonly Uint8Array[]): void {
    for (const bytes of reports) {
      this.reports.push({ from: "host", bytes });
      const port = this.#key.interfaces[this.port];
      if (port === undefined) throw new Error(`this key has no ${this.port} interface`);
      port.receive(bytes);
    }
    this.#look();
  }

  /** A new channel. */
  open(): number {
    this.send(...encodeMessage(BROADCAST, HidCommand.INIT, new Uint8Array(8).fill(9)));
    const answer = this.heard.at(-1);
    if (answer?.command !== HidCommand.INIT) throw new Error("no INIT answer");
    return decodeInitAnswer(answer.payload).channel;
  }

  /** Sends a request under command 0x59. */
  request(channel: number, request: KeyRequest): void {
    this.send(...encodeMessage(channel, HidCommand.COUNTERSIGN, encodeRequest(request)));
  }

  /** The last message of the key; throws when there is none. */
  last(): Heard {
    const last = this.heard.at(-1);
    if (last === undefined) throw new Error("the key has said nothing");
    return last;
  }

  /** The last answer under command 0x59. */
  answer(): ReturnType<typeof decodeAnswer> {
    const { command, payload } = this.last();
    if (command !== HidCommand.COUNTERSIGN) throw new Error(`the key said command ${command}, not 0x59`);
    return decodeAnswer(payload);
  }

  /** A person looks before he presses: a page that has just come is given its time. */
  input(input: Input): void {
    if (!this.#key.input(input)) {
      this.pass(input.type === "hold" ? 2_000 : SETTLE_MS);
      this.#key.input(input);
    }
    this.#look();
    this.tick();
    this.tick();
  }

  press(...keys: readonly KeypadKey[]): void {
    for (const key of keys) this.input({ type: "key", key });
  }

  /** OK, as often as the page has screens. */
  confirm(): void {
    const page = this.page();
    for (let screens = 0; this.page() === page && screens < 20; screens++) this.press("ok");
  }

  /** Types digits and OK. */
  type(digits: string): void {
    this.press(...([...digits, "ok"] as KeypadKey[]));
  }

  page(): string {
    return this.#key.screen().page;
  }

  rows(): readonly string[] {
    return this.#key.screen().rows;
  }

  #power(): PoweredKey {
    return powerOn({
      profile: this.profile,
      store: this.store,
      clock: { now: () => this.#now },
      random: (length) => Uint8Array.from({ length }, () => (this.#random = (this.#random * 75 + 74) % 65537) & 0xff),
      sendReport: { fido: (bytes) => this.#hear("fido", bytes), vendor: (bytes) => this.#hear("vendor", bytes) },
    });
  }

  #hear(port: InterfaceName, bytes: Uint8Array): void {
    this.reports.push({ from: "key", bytes });
    const { channel } = parseReport(bytes);
    const messages = this.#messages.get(`${port} ${channel}`) ?? new Reassembler(channel);
    this.#messages.set(`${port} ${channel}`, messages);
    const message = messages.accept(bytes);
    if (message === undefined) return;
    if (message.command !== HidCommand.KEEPALIVE) this.heard.push({ ...message, port, channel });
    else this.#wait(decodeKeepalive(message.payload));
  }

  #wait(waitsFor: number | undefined): void {
    if (waitsFor !== undefined && this.waited.at(-1) !== waitsFor) this.waited.push(waitsFor);
  }

  #look(): void {
    const text = this.#key.screen().rows.join("\n");
    if (this.shown.at(-1) !== text) this.shown.push(text);
  }
}

/** Sets the first PIN. */
export function setPin(bench: Bench, pin: string = PIN): void {
  bench.request(bench.open(), { subcommand: Subcommand.SET_PIN });
  bench.type(pin);
  bench.type(pin);
  if (bench.answer().status !== 0) throw new Error("setPin failed");
}

/** Makes a finger known through the key's own menu; without a name it is whatever the sensor takes for known. */
export function addFinger(bench: Bench, name?: string): void {
  bench.input({ type: "hold" });
  bench.press(bench.profile.keypad ? "2" : "1");
  if (bench.page() === "pin") bench.type(PIN);
  const touch: Input = { type: "finger", match: true, ...(name === undefined ? {} : { name }) };
  if (bench.page() === "finger") bench.input({ type: "finger", match: true });
  for (let times = 0; times < 3; times++) bench.input(touch);
  if (bench.page() !== "done") throw new Error(`no finger was added, the key shows ${bench.page()}`);
  bench.press("ok");
}

/** An enrolment request for SERVER_ID. */
export function enrolRequest(change: Partial<EnrolKey> = {}): EnrolKey {
  return {
    subcommand: Subcommand.ENROL_KEY,
    serverId: SERVER_ID,
    serverName: "Acme Bank",
    algorithm: 1,
    challenge: new Uint8Array(32).fill(0xc4),
    digits: false,
    ...change,
  };
}

/** Enrols a credential; its id. */
export function enrolKey(bench: Bench, change: Partial<EnrolKey> = {}): Uint8Array {
  bench.request(bench.open(), enrolRequest(change));
  if (bench.profile.display) bench.confirm();
  if (bench.profile.keypad) bench.type(PIN);
  else bench.input({ type: "finger", match: true });
  if (bench.profile.display) bench.confirm();
  if (bench.answer().status !== 0) throw new Error(`enrolKey failed on page ${bench.page()}`);
  const keyId = bench.store.load()?.credentials.at(-1)?.keyId;
  if (keyId === undefined) throw new Error("no credential was stored");
  return keyId;
}

/** A bench with PIN and one credential. */
export function readyBench(profile: Partial<Profile> = {}, store?: KeyStore): { bench: Bench; keyId: Uint8Array } {
  const bench = new Bench(profile, store);
  if (bench.profile.keypad) setPin(bench);
  else addFinger(bench);
  const keyId = enrolKey(bench);
  bench.pass(SETTLE_MS);
  return { bench, keyId };
}

/** The lines of a payment. */
export function paymentLines(payee = "Müller GmbH"): Line[] {
  return renderFields(Kind.PAY, [
    { label: 1, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125_000n } } },
    { label: 2, value: { type: "text", text: payee } },
    { label: 3, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
    { label: 5, value: { type: "text", text: "Invoice 2026-114" } },
  ]);
}

/** Content of a payment. */
export function paymentContent(payee?: string, issuer = "Acme Bank"): Uint8Array {
  return encodeContent({ version: 1, issuer, kind: Kind.PAY, lines: paymentLines(payee) });
}

/** A present request for a payment. */
export function presentRequest(keyId: Uint8Array, change: Partial<Present> = {}): Present {
  return {
    subcommand: Subcommand.PRESENT,
    keyId,
    serverId: SERVER_ID,
    txId: new Uint8Array(16).fill(0x7a),
    nonce: new Uint8Array(32).fill(0x17),
    content: paymentContent(),
    mode: Mode.BOTH_SHOW,
    expiresInS: 120,
    ...change,
  };
}

import { describe, expect, test } from "@jest/globals";
import {
  CtapStatus,
  encodeGetAssertion,
  encodeMessage,
  encodeRequest,
  HidCommand,
  HidError,
  Status,
  Subcommand,
} from "@countersign/key-protocol";
import type { Profile } from "../device.ts";
import type { Input } from "../prompt.ts";
import { SETTLE_MS } from "../runner.ts";
import { Bench, enrolKey, addFinger, PIN, presentRequest, setPin } from "../testing/bench.ts";
import { FidoBench, HASH } from "../testing/fido-bench.ts";

// A host can put a page there when it likes, also between a person's look and his press. Presses go straight to the key
// here: the bench's own hands look first.

const OK: Input = { type: "key", key: "ok" };
const OTHER = { txId: new Uint8Array(16).fill(0x66) };

/** A key with a credential of Countersign and one of FIDO, at rest for a while; a channel on each interface. */
function bothKeys(profile: Partial<Profile> = {}): {
  readonly host: FidoBench;
  readonly bench: Bench;
  readonly keyId: Uint8Array;
  readonly vendor: number;
  readonly fido: number;
  readonly touch: (rpId: string) => Uint8Array;
} {
  const host = new FidoBench(profile);
  const { bench } = host;
  const ids = new Map(["mine.example", "other.example"].map((rpId) => [rpId, host.credential(rpId)]));
  const fido = bench.open();
  bench.port = "vendor";
  if (bench.profile.keypad) setPin(bench);
  else addFinger(bench);
  const keyId = enrolKey(bench);
  const vendor = bench.open();
  bench.pass(40_000);
  const touch = (rpId: string): Uint8Array =>
    encodeGetAssertion({ rpId, clientDataHash: HASH, allow: [ids.get(rpId) ?? HASH] });
  return { host, bench, keyId, vendor, fido, touch };
}

function send(bench: Bench, port: "fido" | "vendor", channel: number, command: number, message: Uint8Array): void {
  bench.port = port;
  bench.send(...encodeMessage(channel, command, message));
}

function cancel(bench: Bench, port: "fido" | "vendor", channel: number): void {
  send(bench, port, channel, HidCommand.CANCEL, new Uint8Array(0));
}

describe("threat 24: a host changes the page in the instant of a press", () => {
  test("an OK for one website is no touch for another", () => {
    const { host, bench, fido, touch } = bothKeys();
    send(bench, "fido", fido, HidCommand.CBOR, touch("mine.example"));
    bench.pass(2_000);
    cancel(bench, "fido", fido);
    send(bench, "fido", fido, HidCommand.CBOR, touch("other.example"));
    expect(bench.key.input(OK)).toBe(false);
    expect(bench.page()).toBe("fido");
    bench.pass(SETTLE_MS);
    expect(bench.key.input(OK)).toBe(true);
    expect(host.answer().status).toBe(CtapStatus.OK);
  });

  test("an INIT in place of a cancel changes nothing of that", () => {
    const { bench, fido, touch } = bothKeys();
    send(bench, "fido", fido, HidCommand.CBOR, touch("mine.example"));
    bench.pass(2_000);
    send(bench, "fido", fido, HidCommand.INIT, new Uint8Array(8));
    send(bench, "fido", fido, HidCommand.CBOR, touch("other.example"));
    expect(bench.key.input(OK)).toBe(false);
    expect(bench.page()).toBe("fido");
  });

  test("the second press of a double one is no touch", () => {
    const { bench, fido, touch } = bothKeys();
    send(bench, "fido", fido, HidCommand.CBOR, touch("mine.example"));
    bench.press("ok");
    send(bench, "fido", fido, HidCommand.CBOR, touch("other.example"));
    expect(bench.key.input(OK)).toBe(false);
    expect(bench.page()).toBe("fido");
  });

  test("an OK for a page of a transaction is no touch of FIDO", () => {
    const { bench, keyId, vendor, fido, touch } = bothKeys();
    bench.request(vendor, presentRequest(keyId));
    bench.pass(2_000);
    cancel(bench, "vendor", vendor);
    send(bench, "fido", fido, HidCommand.CBOR, touch("other.example"));
    expect(bench.key.input(OK)).toBe(false);
    expect(bench.page()).toBe("fido");
  });

  test("a finger for a transaction is no touch of FIDO", () => {
    const { bench, keyId, vendor, fido, touch } = bothKeys({ keypad: false, finger: true });
    bench.request(vendor, presentRequest(keyId));
    while (bench.page() === "pages") bench.press("ok");
    expect(bench.page()).toBe("finger");
    bench.pass(2_000);
    cancel(bench, "vendor", vendor);
    send(bench, "fido", fido, HidCommand.CBOR, touch("other.example"));
    expect(bench.key.input({ type: "finger", match: true })).toBe(false);
    expect(bench.page()).toBe("fido");
  });

  test("the OK behind the code of one transaction turns no page of another", () => {
    const { bench, keyId, vendor } = bothKeys();
    bench.request(vendor, presentRequest(keyId));
    while (bench.page() === "pages") bench.press("ok");
    bench.type(PIN);
    bench.press("4", "8", "2", "1", "9", "3");
    bench.pass(2_000);
    cancel(bench, "vendor", vendor);
    bench.request(vendor, presentRequest(keyId, OTHER));
    const first = bench.rows();
    expect(bench.key.input(OK)).toBe(false);
    expect(bench.rows()).toEqual(first);
  });

  test("an OK for what is left on the display after a signature turns no page of another request", () => {
    const { bench, keyId, vendor } = bothKeys();
    bench.request(vendor, presentRequest(keyId));
    while (bench.page() === "pages") bench.press("ok");
    bench.type(PIN);
    bench.type("482193");
    expect(bench.page()).toBe("signed");
    bench.pass(5_000);
    bench.request(vendor, presentRequest(keyId, OTHER));
    const first = bench.rows();
    expect(bench.key.input(OK)).toBe(false);
    expect(bench.rows()).toEqual(first);
  });

  test("an OK that was held for the key's own menu wipes nothing", () => {
    const { bench } = bothKeys();
    bench.replug();
    bench.pass(2_000);
    bench.request(bench.open(), { subcommand: Subcommand.RESET });
    bench.pass(900);
    expect(bench.key.input({ type: "hold" })).toBe(false);
    expect(bench.page()).toBe("reset");
    bench.pass(500);
    expect(bench.key.input({ type: "hold" })).toBe(true);
    expect(bench.answer().status).toBe(Status.OK);
  });

  test("on a key at rest the first press counts", () => {
    const { bench, keyId, vendor } = bothKeys();
    bench.request(vendor, presentRequest(keyId));
    const first = bench.rows();
    expect(bench.key.input(OK)).toBe(true);
    expect(bench.rows()).not.toEqual(first);
  });
});

test.each(["vendor", "fido"] as const)(
  "threat 24: a request that began before the menu does not close it (%s)",
  (port) => {
    const { bench, keyId, vendor, fido, touch } = bothKeys();
    const reports =
      port === "vendor"
        ? encodeMessage(vendor, HidCommand.COUNTERSIGN, encodeRequest(presentRequest(keyId)))
        : encodeMessage(fido, HidCommand.CBOR, touch("mine.example"));
    bench.port = port;
    bench.send(...reports.slice(0, -1));
    bench.input({ type: "hold" });
    expect(bench.page()).toBe("menu");
    bench.send(...reports.slice(-1));
    expect(bench.page()).toBe("menu");
    expect(bench.last()).toMatchObject({ command: HidCommand.ERROR, payload: Uint8Array.of(HidError.CHANNEL_BUSY) });
  },
);

import { describe, expect, test } from "@jest/globals";
import {
  CtapCommand,
  CtapStatus,
  type CtapValue,
  encodeCtapRequest,
  encodeGetAssertion,
  PIN_PROTOCOLS,
  pinProtocolOne,
  pinProtocolTwo,
  Subcommand,
} from "@countersign/key-protocol";
import { decodeKeyState, encodeKeyState } from "../storage/key-state.ts";
import { MemoryKeyStore } from "../storage/key-store.ts";
import { enrolKey, PIN as KEYPAD_PIN, setPin } from "../testing/bench.ts";
import { FailingStore } from "../testing/failing-store.ts";
import {
  authDataOf,
  counterOf,
  creation,
  credentialIdOf,
  FidoBench,
  HASH,
  keptCreation,
  proofOf,
  RP,
} from "../testing/fido-bench.ts";
import { decodeFidoState } from "./fido-state.ts";
import { Permission } from "./permission.ts";

const PIN = "correct horse";

function assertion(
  id: Uint8Array,
  change: { readonly auth?: ReturnType<typeof proofOf>; readonly rpId?: string } = {},
) {
  return encodeGetAssertion({ rpId: RP, clientDataHash: HASH, allow: [id], ...change });
}

function fidoOf(fido: FidoBench): ReturnType<typeof decodeFidoState> {
  return decodeFidoState(fido.bench.store.load()?.fido ?? new Uint8Array(0));
}

describe("presence", () => {
  test("nothing is made or signed before the button, and nothing without it", () => {
    const fido = new FidoBench();
    const id = fido.credential();
    const { counter } = fidoOf(fido);
    for (const request of [creation(), keptCreation(1), assertion(id)]) {
      fido.send(request);
      expect(fido.bench.page()).toBe("fido");
      fido.bench.pass(29_999);
      expect(fido.bench.page()).toBe("fido");
      fido.bench.pass(1);
      expect(fido.answer().status).toBe(CtapStatus.USER_ACTION_TIMEOUT);
    }
    expect(fidoOf(fido)).toMatchObject({ counter, residents: [] });
  });

  test("digits, next and back are no presence; reject is a no", () => {
    const fido = new FidoBench();
    fido.send(creation());
    fido.bench.press("1", "next", "back", "erase");
    expect(fido.bench.page()).toBe("fido");
    fido.bench.press("reject");
    expect(fido.answer().status).toBe(CtapStatus.OPERATION_DENIED);
  });

  test("a look without presence says so under the signature", () => {
    const fido = new FidoBench();
    const look = { rpId: RP, clientDataHash: HASH, allow: [fido.credential()], up: false };
    const { status, map } = fido.ask(encodeGetAssertion(look));
    expect(status).toBe(CtapStatus.OK);
    expect(authDataOf(map)[32]).toBe(0);
  });
});

describe("what is durable before anything is said", () => {
  test.each([false, true])("a counter that cannot be saved costs the signature (written: %s)", (written) => {
    const store = new FailingStore();
    const fido = new FidoBench({}, store);
    const id = fido.credential();
    const before = counterOf(fido.touched(assertion(id)).map);
    store.failAt(1, written);
    expect(fido.touched(assertion(id))).toMatchObject({ status: CtapStatus.OTHER, map: new Map() });
    store.heal();
    fido.replug();
    expect(counterOf(fido.touched(assertion(id)).map)).toBeGreaterThan(before);
  });

  // A wrong PIN is one save, before the compare; a right one two, and the second restores the tries.
  test.each([
    { pin: "wrong", nth: 1, written: false, said: CtapStatus.OTHER, retries: 8 },
    { pin: "wrong", nth: 1, written: true, said: CtapStatus.OTHER, retries: 7 },
    { pin: "wrong", nth: 2, written: true, said: CtapStatus.PIN_INVALID, retries: 7 },
    { pin: PIN, nth: 1, written: false, said: CtapStatus.OTHER, retries: 8 },
    { pin: PIN, nth: 1, written: true, said: CtapStatus.OTHER, retries: 7 },
    { pin: PIN, nth: 2, written: false, said: CtapStatus.OTHER, retries: 7 },
    { pin: PIN, nth: 2, written: true, said: CtapStatus.OTHER, retries: 8 },
  ])("PIN $pin, power gone at save $nth (written: $written): status $said, $retries left", (row) => {
    const store = new FailingStore();
    const fido = new FidoBench({}, store);
    fido.setPin(PIN);
    store.failAt(row.nth, row.written);
    expect(fido.token(row.pin)).toBe(row.said);
    store.heal();
    fido.replug();
    expect(fidoOf(fido).pinRetries).toBe(row.retries);
  });
});

describe("the PIN", () => {
  test.each(PIN_PROTOCOLS)("three wrong ones need power, eight block, over protocol $version", (protocol) => {
    const fido = new FidoBench();
    expect(fido.setPin(PIN, protocol)).toBe(CtapStatus.OK);
    const said = Array.from({ length: 8 }, (_, at) => {
      if (at === 3 || at === 6) fido.replug();
      return fido.token("wrong", Permission.GET_ASSERTION, RP, protocol);
    });
    const { PIN_INVALID, PIN_AUTH_BLOCKED, PIN_BLOCKED } = CtapStatus;
    const three = [PIN_INVALID, PIN_INVALID, PIN_AUTH_BLOCKED];
    expect(said).toEqual([...three, ...three, PIN_INVALID, PIN_BLOCKED]);
    fido.replug();
    expect(fido.token(PIN, Permission.GET_ASSERTION, RP, protocol)).toBe(PIN_BLOCKED);
  });

  test("after three wrong ones the right one is not compared either", () => {
    const fido = new FidoBench();
    fido.setPin(PIN);
    for (let at = 0; at < 3; at++) fido.token("wrong");
    expect(fido.token(PIN)).toBe(CtapStatus.PIN_AUTH_BLOCKED);
    expect(fidoOf(fido).pinRetries).toBe(5);
  });

  test("it is set once, changed by who knows it, and counted in code points", () => {
    const fido = new FidoBench();
    expect(fido.setPin("äöü")).toBe(CtapStatus.PIN_POLICY_VIOLATION);
    expect(fido.setPin("😀😀😀😀")).toBe(CtapStatus.OK);
    expect(fido.setPin(PIN)).toBe(CtapStatus.PIN_AUTH_INVALID);
    expect(fido.changePin("wrong", PIN)).toBe(CtapStatus.PIN_INVALID);
    expect(fido.changePin("😀😀😀😀", "x".repeat(63))).toBe(CtapStatus.OK);
    expect(fido.token("x".repeat(63))).toBeInstanceOf(Uint8Array);
  });

  test("it is not the keypad's: each has its own tries, and neither opens the other's door", () => {
    const fido = new FidoBench();
    setPinOnKeypad(fido);
    fido.setPin(PIN);
    expect(fido.token(KEYPAD_PIN)).toBe(CtapStatus.PIN_INVALID);
    expect(fido.bench.store.load()?.retries).toBe(8);
  });
});

function setPinOnKeypad(fido: FidoBench): void {
  fido.bench.port = "vendor";
  setPin(fido.bench);
  fido.open();
}

function withPin(): { readonly fido: FidoBench; readonly id: Uint8Array } {
  const fido = new FidoBench();
  const id = fido.credential();
  fido.setPin(PIN);
  return { fido, id };
}

describe("a token", () => {
  test("verifies once", () => {
    const { fido, id } = withPin();
    const auth = proofOf(fido.token(PIN));
    const { status, map } = fido.touched(assertion(id, { auth }));
    expect([status, authDataOf(map)[32]]).toEqual([CtapStatus.OK, 0x05]);
    expect(fido.ask(assertion(id, { auth })).status).toBe(CtapStatus.PIN_AUTH_INVALID);
  });

  test.each([
    ["unused for 30 s", 30_000, CtapStatus.PIN_AUTH_INVALID],
    ["unused for less", 29_999, CtapStatus.OK],
  ])("%s", (_name, ms, status) => {
    const { fido, id } = withPin();
    const auth = proofOf(fido.token(PIN));
    fido.bench.pass(ms);
    expect(fido.touched(assertion(id, { auth })).status).toBe(status);
  });

  test("of another protocol, permission or relying party, or before a replug or PIN change, does not verify", () => {
    const { fido, id } = withPin();
    const invalid = CtapStatus.PIN_AUTH_INVALID;
    const token = fido.token(PIN);
    const other = proofOf(token, pinProtocolOne);
    expect(fido.ask(assertion(id, { auth: other })).status).toBe(invalid);
    const foreign = proofOf(fido.token(PIN, Permission.GET_ASSERTION, "other.example"));
    expect(fido.ask(assertion(id, { auth: foreign })).status).toBe(invalid);
    const creating = proofOf(fido.token(PIN, Permission.MAKE_CREDENTIAL));
    expect(fido.ask(assertion(id, { auth: creating })).status).toBe(invalid);
    const changed = proofOf(fido.token(PIN));
    fido.changePin(PIN, "another one");
    expect(fido.ask(assertion(id, { auth: changed })).status).toBe(invalid);
    const replugged = proofOf(fido.token("another one"));
    fido.replug();
    expect(fido.ask(assertion(id, { auth: replugged })).status).toBe(invalid);
  });

  test("does not come for permissions that there are not, or none", () => {
    const { fido } = withPin();
    expect(fido.token(PIN, 0)).toBe(CtapStatus.INVALID_PARAMETER);
    expect(fido.token(PIN, 0x80, RP, pinProtocolTwo)).toBe(CtapStatus.UNAUTHORIZED_PERMISSION);
    expect(fido.token(PIN, Permission.PERSISTENT_READ | Permission.CONFIG)).toBe(CtapStatus.UNAUTHORIZED_PERMISSION);
  });
});

describe("reset", () => {
  const RESET = encodeCtapRequest(CtapCommand.RESET);

  test("is taken within 10 s of power, with the button", () => {
    const fido = new FidoBench();
    fido.bench.pass(10_001);
    expect(fido.ask(RESET).status).toBe(CtapStatus.NOT_ALLOWED);
    fido.replug();
    fido.send(RESET);
    expect(fido.bench.page()).toBe("fido");
    fido.bench.press("ok");
    expect(fido.answer().status).toBe(CtapStatus.OK);
  });

  test("wipes FIDO's credentials and PIN, not the certificate, and nothing of Countersign", () => {
    const fido = new FidoBench();
    setPinOnKeypad(fido);
    fido.bench.port = "vendor";
    const keyId = enrolKey(fido.bench);
    fido.open();
    const id = fido.credential();
    fido.touched(keptCreation(1));
    fido.setPin(PIN);
    const { attestation } = fidoOf(fido);
    fido.replug();
    expect(fido.touched(RESET).status).toBe(CtapStatus.OK);
    expect(fidoOf(fido)).toMatchObject({ attestation, residents: [] });
    expect(fidoOf(fido).pin).toBeUndefined();
    expect(fido.ask(assertion(id)).status).toBe(CtapStatus.NO_CREDENTIALS);
    const left = fido.bench.store.load();
    expect(left?.credentials.map((held) => held.keyId)).toEqual([keyId]);
    expect(left?.pin).toBeDefined();
  });

  test("on the Countersign interface wipes FIDO's credentials too", () => {
    const fido = new FidoBench();
    const id = fido.credential();
    const { attestation } = fidoOf(fido);
    fido.replug();
    fido.bench.port = "vendor";
    fido.bench.request(fido.bench.open(), { subcommand: Subcommand.RESET });
    fido.bench.press("ok", "ok", "ok");
    expect(fido.bench.answer().status).toBe(0);
    fido.open();
    expect(fido.ask(assertion(id)).status).toBe(CtapStatus.NO_CREDENTIALS);
    expect(fidoOf(fido).attestation).toEqual(attestation);
  });
});

describe("threat 5: one private key, one type", () => {
  test("no key of FIDO is a key of Countersign, and neither interface knows the other's ids", () => {
    const fido = new FidoBench();
    setPinOnKeypad(fido);
    fido.bench.port = "vendor";
    const keyId = enrolKey(fido.bench);
    fido.open();
    fido.touched(keptCreation(1));
    const state = fido.bench.store.load();
    const { residents, attestation, wrapKey } = fidoOf(fido);
    const hex = [...(state?.credentials ?? []), ...(state === undefined ? [] : [state.attestation])].map(
      ({ privateKey }) => Buffer.from(privateKey).toString("hex"),
    );
    for (const { privateKey } of [...residents, attestation, { privateKey: wrapKey }]) {
      const scalar = Buffer.from(privateKey).toString("hex");
      expect(hex.some((each) => each.includes(scalar))).toBe(false);
    }
    expect(fido.ask(assertion(keyId)).status).toBe(CtapStatus.NO_CREDENTIALS);
  });

  test("what FIDO signs begins with the hash of the relying party, so it is never a COSE structure", () => {
    const fido = new FidoBench();
    const { map } = fido.touched(creation({ rpId: "Signature1" }));
    expect(authDataOf(map)).toHaveLength(37 + 16 + 2 + credentialIdOf(map).length + 77);
    const refused = fido.ask(
      encodeCtapRequest(CtapCommand.GET_ASSERTION, [
        [1, RP],
        [2, new Uint8Array(33)],
      ]),
    );
    expect(refused.status).toBe(CtapStatus.INVALID_PARAMETER);
  });
});

test.each(["name", "icon"])("a relying party's %s is text, although nobody sees it", (member) => {
  const fido = new FidoBench();
  const rp = new Map<string, CtapValue>([
    ["id", RP],
    [member, new Map([["type", "wrong"]])],
  ]);
  const request = encodeCtapRequest(CtapCommand.MAKE_CREDENTIAL, [
    [1, HASH],
    [2, rp],
    [3, new Map([["id", HASH]])],
    [4, []],
  ]);
  expect(fido.ask(request).status).toBe(CtapStatus.CBOR_UNEXPECTED_TYPE);
});

test("a state from before the FIDO application opens, and gets a certificate", () => {
  const store = new MemoryKeyStore();
  const { fido: _fido, ...old } = new FidoBench({}, store).bench.store.load()!;
  const reopened = new MemoryKeyStore();
  reopened.save(decodeKeyState(encodeKeyState(old)));
  const fido = new FidoBench({}, reopened);
  expect(fido.credential()).toHaveLength(62);
  expect(reopened.load()?.attestation).toEqual(old.attestation);
});

test("a credential id that was changed, or belongs to another relying party, is unknown", () => {
  const fido = new FidoBench();
  const id = fido.credential();
  for (let at = 0; at < id.length; at++) {
    const changed = id.with(at, (id[at] ?? 0) ^ 1);
    expect(fido.ask(assertion(changed)).status).toBe(CtapStatus.NO_CREDENTIALS);
  }
  expect(fido.ask(assertion(id, { rpId: "other.example" })).status).toBe(CtapStatus.NO_CREDENTIALS);
});

import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { fromHex, toHex } from "@countersign/protocol";
import { decodeAuthData, encodeAuthData } from "./auth-data.ts";
import { encodeClientPin } from "./client-pin.ts";
import { ClientPinCommand, CtapCommand, TokenPermission } from "./command.ts";
import { coseKeyOfPoint, CosePurpose, pointOfAgreementKey, pointOfCoseKey } from "./cose-point.ts";
import { encodeAttestationObject, encodeGetAssertion, encodeMakeCredential } from "./credential.ts";
import { type CtapMap, type CtapValue, decodeCtap, decodeCtapPrefix, encodeCtap } from "./ctap-cbor.ts";
import { encodeCtapRequest } from "./ctap-message.ts";
import { AgreementPair, paddedPin, PIN_PROTOCOLS, pinHashOf } from "./pin-protocol.ts";

interface PinVector {
  readonly name: string;
  readonly version: 1 | 2;
  readonly pin: string;
  readonly [member: string]: string | number;
}
interface AuthDataVector {
  readonly name: string;
  readonly bytes: string;
  readonly rpIdHash: string;
  readonly flags: number;
  readonly signCount: number;
  readonly aaguid?: string;
  readonly credentialId?: string;
  readonly publicKey?: string;
  readonly extensions?: string;
}
interface Vectors {
  readonly pin: readonly PinVector[];
  readonly authData: {
    readonly accept: readonly AuthDataVector[];
    readonly reject: readonly { name: string; bytes: string }[];
  };
  readonly coseKey: { readonly x: string; readonly y: string; readonly sign: string };
  readonly request: {
    readonly clientDataHash: string;
    readonly credentials: readonly [string, string];
    readonly userHandle: string;
    readonly param16: string;
    readonly param32: string;
    readonly newPinEnc: string;
    readonly pinHashEnc: string;
    readonly items: readonly { name: string; message: string }[];
  };
  readonly attestationObject: {
    readonly authData: string;
    readonly sig: string;
    readonly x5c: string;
    readonly bytes: string;
  };
  readonly cbor: { readonly accept: readonly string[]; readonly reject: readonly { name: string; bytes: string }[] };
}

const vectors = JSON.parse(readFileSync(new URL("../../vectors/ctap.json", import.meta.url), "utf8")) as Vectors;
const ctapError = (status?: number): unknown =>
  expect.objectContaining({ name: "CtapError", ...(status === undefined ? {} : { status }) });

function bytesOf(vector: PinVector, member: string): Uint8Array {
  return fromHex(String(vector[member]));
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : toHex(bytes);
}

describe("canonical CBOR", () => {
  test.each(vectors.cbor.accept)("%s is read and written back byte for byte", (hex) => {
    expect(toHex(encodeCtap(decodeCtap(fromHex(hex))))).toBe(hex);
    expect(decodeCtapPrefix(fromHex(`${hex}00`))).toMatchObject({ length: hex.length / 2 });
  });

  test.each(vectors.cbor.reject)("$name is refused", ({ bytes }) => {
    expect(() => decodeCtap(fromHex(bytes))).toThrow(ctapError(0x12));
  });

  test.each([
    ["a fraction", 1.5],
    ["minus zero", -0],
    ["NaN", Number.NaN],
    ["an integer beyond 2^53", 2 ** 53],
    ["a lone surrogate", "\ud800"],
    ["five levels", [[[[[1]]]]]],
  ])("%s cannot be written", (_name, value) => {
    expect(() => encodeCtap(value)).toThrow(ctapError(0x12));
  });

  test("map keys are ordered by type, then length, then bytes, whatever order they were set in", () => {
    const map = new Map<number | string, number>([
      ...["b", "aa", "a"].map((key) => [key, 1] as const),
      [-1, 1],
      [300, 1],
      [1, 1],
    ]);
    expect([...(decodeCtap(encodeCtap(map)) as CtapMap).keys()]).toEqual([1, 300, -1, "a", "b", "aa"]);
  });

  test("a Buffer is bytes, and what was read shares no memory with it", () => {
    const buffer = Buffer.from(encodeCtap(Buffer.from([1, 2, 3])));
    expect(toHex(buffer)).toBe("43010203");
    const value = decodeCtap(buffer) as Uint8Array;
    buffer.fill(0);
    expect(value).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("four levels are read, as CTAP2 allows", () => {
    expect(decodeCtap(fromHex("8181818101"))).toEqual([[[[1]]]]);
  });

  test("with any order allowed, a key that stands twice is still refused", () => {
    expect(decodeCtap(fromHex("a202010101"), { anyOrder: true })).toEqual(
      new Map([
        [1, 1],
        [2, 1],
      ]),
    );
    expect(() => decodeCtap(fromHex("a201010102"), { anyOrder: true })).toThrow(ctapError(0x12));
    expect(() => decodeCtap(fromHex("1817"), { anyOrder: true })).toThrow(ctapError(0x12));
  });

  test("more bytes than CTAPHID can carry are not even looked at", () => {
    expect(() => decodeCtap(new Uint8Array(7609))).toThrow(ctapError(0x12));
  });
});

describe("PIN/UV auth protocols, as python-fido2 computes them", () => {
  test.each(vectors.pin)("$name: both ends agree, and every value comes out", (vector) => {
    const protocol = PIN_PROTOCOLS.find(({ version }) => version === vector.version)!;
    const host = new AgreementPair(bytesOf(vector, "host"));
    const key = new AgreementPair(bytesOf(vector, "key"));
    expect(toHex(encodeCtap(coseKeyOfPoint(host.point, CosePurpose.AGREE)))).toBe(vector["hostKey"]);
    expect(toHex(encodeCtap(coseKeyOfPoint(key.point, CosePurpose.AGREE)))).toBe(vector["keyKey"]);
    const secret = protocol.sharedSecret(host, key.point);
    expect(toHex(secret)).toBe(vector["secret"]);
    expect(protocol.sharedSecret(key, host.point)).toEqual(secret);

    const iv = bytesOf(vector, "iv");
    const newPinEnc = protocol.encrypt(secret, paddedPin(vector.pin), iv);
    const pinHashEnc = protocol.encrypt(secret, pinHashOf(vector.pin), iv);
    expect(toHex(newPinEnc)).toBe(vector["newPinEnc"]);
    expect(toHex(pinHashEnc)).toBe(vector["pinHashEnc"]);
    expect(protocol.decrypt(secret, newPinEnc)).toEqual(paddedPin(vector.pin));
    const token = protocol.decrypt(secret, bytesOf(vector, "tokenEnc"));
    expect(toHex(token)).toBe(vector["token"]);
    expect(toHex(protocol.authenticate(secret, newPinEnc))).toBe(vector["setPinParam"]);
    expect(toHex(protocol.authenticate(secret, Uint8Array.of(...newPinEnc, ...pinHashEnc)))).toBe(
      vector["changePinParam"],
    );
    expect(toHex(protocol.authenticate(token, bytesOf(vector, "clientDataHash")))).toBe(vector["authParam"]);
  });

  test.each(PIN_PROTOCOLS)("protocol $version verifies its own tag and nothing beside it", (protocol) => {
    const secret = protocol.sharedSecret(new AgreementPair(), new AgreementPair().point);
    const message = Uint8Array.of(1, 2, 3);
    const tag = protocol.authenticate(secret, message);
    expect(protocol.verify(secret, message, tag)).toBe(true);
    expect(protocol.verify(secret, Uint8Array.of(1, 2, 4), tag)).toBe(false);
    expect(protocol.verify(secret, message, tag.subarray(1))).toBe(false);
    expect(protocol.verify(secret, message, tag.with(0, tag[0]! ^ 1))).toBe(false);
    expect(protocol.verify(secret, message, new Uint8Array(0))).toBe(false);
  });

  test("protocol two draws an IV for each message, protocol one has none", () => {
    const [two, one] = PIN_PROTOCOLS;
    const secret = new Uint8Array(64).fill(7);
    const block = new Uint8Array(16);
    expect(two!.encrypt(secret, block)).not.toEqual(two!.encrypt(secret, block));
    expect(one!.encrypt(secret.subarray(32), block)).toEqual(one!.encrypt(secret.subarray(32), block));
  });

  test.each(PIN_PROTOCOLS)("protocol $version refuses lengths that no ciphertext has", (protocol) => {
    const secret = protocol.sharedSecret(new AgreementPair(), new AgreementPair().point);
    for (const length of [1, 15, 17, 31, 33]) {
      expect(() => protocol.decrypt(secret, new Uint8Array(length))).toThrow(ctapError(0x02));
    }
    expect(() => protocol.encrypt(secret, new Uint8Array(15))).toThrow(ctapError(0x02));
  });

  test("a key that is no point of the curve is refused, not used", () => {
    const off = { x: new Uint8Array(32).fill(1), y: new Uint8Array(32).fill(1) };
    const none = { x: new Uint8Array(32), y: new Uint8Array(32) };
    expect(() => new AgreementPair().agree(off)).toThrow(ctapError(0x02));
    expect(() => new AgreementPair().agree(none)).toThrow(ctapError(0x02));
  });

  test("a PIN is its NFC form, and 64 bytes of it are too many", () => {
    expect(paddedPin("e\u0301123")).toEqual(paddedPin("\u00e9123"));
    expect(paddedPin("1".repeat(63))[63]).toBe(0);
    expect(() => paddedPin("1".repeat(64))).toThrow(ctapError(0x37));
  });
});

describe("authenticator data", () => {
  test.each(vectors.authData.accept)("$name", (vector) => {
    const data = decodeAuthData(fromHex(vector.bytes));
    expect(toHex(data.rpIdHash)).toBe(vector.rpIdHash);
    expect(data.flags).toBe(vector.flags & 0x3f);
    expect(data.signCount).toBe(vector.signCount);
    expect(hexOf(data.credential?.aaguid)).toBe(vector.aaguid);
    expect(hexOf(data.credential?.credentialId)).toBe(vector.credentialId);
    expect(hexOf(data.credential && encodeCtap(data.credential.publicKey))).toBe(vector.publicKey);
    expect(hexOf(data.extensions && encodeCtap(data.extensions))).toBe(vector.extensions);
    expect(toHex(encodeAuthData(data))).toBe(vector.bytes);
  });

  test.each(vectors.authData.reject)("$name is refused", ({ bytes }) => {
    expect(() => decodeAuthData(fromHex(bytes))).toThrow(ctapError());
  });

  test("where it lies in a larger buffer does not matter", () => {
    const bytes = fromHex(vectors.authData.accept[0]!.bytes);
    const within = new Uint8Array([9, 9, ...bytes, 9]).subarray(2, 2 + bytes.length);
    expect(decodeAuthData(within)).toEqual(decodeAuthData(bytes));
  });
});

describe("COSE key", () => {
  const point = { x: fromHex(vectors.coseKey.x), y: fromHex(vectors.coseKey.y) };

  test("is written as python-fido2 writes it, and read back", () => {
    const bytes = encodeCtap(coseKeyOfPoint(point, CosePurpose.SIGN));
    expect(toHex(bytes)).toBe(vectors.coseKey.sign);
    expect(pointOfCoseKey(decodeCtap(bytes), CosePurpose.SIGN)).toEqual(point);
  });

  test.each([
    ["another purpose", new Map([...coseKeyOfPoint(point, CosePurpose.AGREE)])],
    ["another curve", new Map([...coseKeyOfPoint(point, CosePurpose.SIGN), [-1, 2]])],
    ["another type", new Map([...coseKeyOfPoint(point, CosePurpose.SIGN), [1, 1]])],
    ["a short coordinate", new Map([...coseKeyOfPoint(point, CosePurpose.SIGN), [-2, new Uint8Array(31)]])],
    ["a coordinate of another type", new Map([...coseKeyOfPoint(point, CosePurpose.SIGN), [-3, "y"]])],
    ["no coordinate", new Map([...coseKeyOfPoint(point, CosePurpose.SIGN)].slice(0, 4))],
  ])("with %s is refused", (_name, key) => {
    expect(() => pointOfCoseKey(key as CtapMap, CosePurpose.SIGN)).toThrow(ctapError());
  });
});

describe("an authenticator's key for one agreement", () => {
  test("coordinates without their leading zeros are filled up", () => {
    const short = new Map<number, CtapValue>([
      [-2, Uint8Array.of(7)],
      [-3, new Uint8Array(31).fill(9)],
    ]);
    const { x, y } = pointOfAgreementKey(short);
    expect([x.length, x[31], x[30], y.length, y[0], y[1]]).toEqual([32, 7, 0, 32, 0, 9]);
  });

  test.each<readonly [string, CtapValue]>([
    ["no map", 1],
    ["no x", new Map([[-3, new Uint8Array(32)]])],
    [
      "33 bytes",
      new Map([
        [-2, new Uint8Array(33)],
        [-3, new Uint8Array(32)],
      ]),
    ],
    [
      "no byte",
      new Map([
        [-2, new Uint8Array(0)],
        [-3, new Uint8Array(32)],
      ]),
    ],
    [
      "text",
      new Map<number, CtapValue>([
        [-2, "x"],
        [-3, new Uint8Array(32)],
      ]),
    ],
  ])("%s is refused", (_what, key) => {
    expect(() => pointOfAgreementKey(key)).toThrow(ctapError());
  });
});

describe("requests, as python-fido2 writes them", () => {
  const { request } = vectors;
  const clientDataHash = fromHex(request.clientDataHash);
  const [first, second] = request.credentials.map(fromHex) as [Uint8Array, Uint8Array];
  const keyAgreement = { x: fromHex(vectors.coseKey.x), y: fromHex(vectors.coseKey.y) };
  const rpId = "bank.example";
  const make = {
    clientDataHash,
    rpId,
    rpName: "Acme Bank",
    userHandle: fromHex(request.userHandle),
    userName: "alice",
  };
  const written: Record<string, Uint8Array> = {
    makeCredential: encodeMakeCredential({
      ...make,
      exclude: [first, second],
      auth: { protocol: 2, param: fromHex(request.param32) },
    }),
    "makeCredential with the key's own verification": encodeMakeCredential({ ...make, exclude: [], uv: true }),
    getAssertion: encodeGetAssertion({
      rpId,
      clientDataHash,
      allow: [first, second],
      auth: { protocol: 1, param: fromHex(request.param16) },
    }),
    "getAssertion without touch": encodeGetAssertion({ rpId, clientDataHash, allow: [first], up: false }),
    "clientPIN, retries": encodeClientPin({ protocol: 1, command: ClientPinCommand.GET_PIN_RETRIES }),
    "clientPIN, setPIN": encodeClientPin({
      protocol: 2,
      command: ClientPinCommand.SET_PIN,
      keyAgreement,
      pinUvAuthParam: fromHex(request.param32),
      newPinEnc: fromHex(request.newPinEnc),
    }),
    "clientPIN, token with permissions": encodeClientPin({
      protocol: 2,
      command: ClientPinCommand.GET_TOKEN_USING_PIN,
      keyAgreement,
      pinHashEnc: fromHex(request.pinHashEnc),
      permissions: TokenPermission.GET_ASSERTION,
      rpId,
    }),
    "clientPIN, token by finger": encodeClientPin({
      protocol: 2,
      command: ClientPinCommand.GET_TOKEN_USING_UV,
      keyAgreement,
      permissions: TokenPermission.MAKE_CREDENTIAL,
      rpId,
    }),
    selection: encodeCtapRequest(CtapCommand.SELECTION),
  };

  test.each(request.items)("$name", ({ name, message }) => {
    expect(toHex(written[name] ?? new Uint8Array(0))).toBe(message);
  });

  test("the attestation object is the one of WebAuthn", () => {
    const { authData, sig, x5c, bytes } = vectors.attestationObject;
    const statement = new Map<string, number | Uint8Array | Uint8Array[]>([
      ["alg", -7],
      ["sig", fromHex(sig)],
      ["x5c", [fromHex(x5c)]],
    ]);
    expect(toHex(encodeAttestationObject({ format: "packed", authData: fromHex(authData), statement }))).toBe(bytes);
  });
});

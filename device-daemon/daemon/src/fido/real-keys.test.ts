import { verify } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { type CtapMap, type CtapValue, decodeAuthData, decodeCtap, encodeCtap } from "@countersign/key-protocol";
import { fromHex } from "@countersign/protocol";
import { HidBus } from "../hid/hid-bus.ts";
import { ScriptedKey } from "../testing/scripted-key.ts";
import { ScriptedPrompt } from "../testing/scripted-prompt.ts";
import { SmallAuthenticator } from "../testing/small-authenticator.ts";
import type { FidoMake } from "./fido-key.ts";
import { HidFidoKey } from "./hid-fido-key.ts";

// What keys on the market say about themselves, from public reports: pull requests, issues, test summaries. Only the
// shape counts here; behind each answers a small authenticator of ours with that shape.
interface Shape {
  readonly name: string;
  readonly versions: readonly string[];
  readonly extensions?: readonly string[];
  readonly aaguid: string;
  readonly options: Readonly<Record<string, boolean>>;
  readonly maxMsgSize?: number;
  readonly protocols?: readonly number[];
  readonly rest?: Readonly<Record<number, CtapValue>>;
}

const es256 = new Map<string, CtapValue>([
  ["alg", -7],
  ["type", "public-key"],
]);
const SHAPES: readonly Shape[] = [
  {
    name: "Security Key by Yubico, firmware 5.0 (python-fido2, tests/test_ctap2.py)",
    versions: ["U2F_V2", "FIDO_2_0"],
    extensions: ["uvm", "hmac-secret"],
    aaguid: "f8a011f38c0a4d15800617111f9edc7d",
    options: { rk: true, up: true, plat: false, clientPin: true },
    maxMsgSize: 1200,
    protocols: [1],
  },
  {
    name: "YubiKey 5 NFC, firmware 5.4.3 (libfido2 issue 686)",
    versions: ["U2F_V2", "FIDO_2_0", "FIDO_2_1_PRE"],
    extensions: ["credProtect", "hmac-secret"],
    aaguid: "2fc0579f811347eab116bb5a8db9202a",
    options: { rk: true, up: true, plat: false, clientPin: true, credentialMgmtPreview: true },
    maxMsgSize: 1200,
    protocols: [2, 1],
    rest: { 7: 8, 8: 128, 9: ["nfc", "usb"], 10: [es256], 13: 4, 14: 0x50403 },
  },
  {
    name: "Solo 4.0.0 (CTAP2-test-tool)",
    versions: ["FIDO_2_0", "FIDO_2_1_PRE", "U2F_V2"],
    extensions: ["hmac-secret", "credProtect"],
    aaguid: "8976631bd4a0427f57730ec71c9e0279",
    options: { rk: true, up: true, plat: false, credMgmt: true, clientPin: true },
    maxMsgSize: 1200,
    protocols: [1],
  },
  {
    name: "Nitrokey FIDO2 (nitrokey-fido2-firmware issue 54)",
    versions: ["U2F_V2", "FIDO_2_0", "FIDO_2_1_PRE"],
    extensions: ["hmac-secret", "credProtect"],
    aaguid: "c39efba6fcf44c3e828bfc4a6115a0ff",
    options: { rk: true, up: true, plat: false, credMgmt: true, clientPin: true },
    maxMsgSize: 1200,
    protocols: [1],
    rest: { 7: 20, 8: 128 },
  },
  {
    name: "Nitrokey 3 (pynitrokey pull request 545)",
    versions: ["U2F_V2", "FIDO_2_0", "FIDO_2_1"],
    extensions: ["credProtect", "hmac-secret"],
    aaguid: "8bc5496807b14d5fb249607f5d527da2",
    options: {
      rk: true,
      up: true,
      plat: false,
      credMgmt: true,
      clientPin: true,
      largeBlobs: false,
      pinUvAuthToken: true,
    },
    maxMsgSize: 3072,
    protocols: [2, 1],
    rest: { 7: 10, 8: 255, 9: ["nfc", "usb"] },
  },
  {
    name: "Feitian BioPass without a finger enrolled (CTAP2-test-tool)",
    versions: ["U2F_V2", "FIDO_2_1_PRE", "FIDO_2_0"],
    extensions: ["hmac-secret", "credProtect"],
    aaguid: "77010bd7212a4fc9b236d2ca5e9d4084",
    options: { rk: true, up: true, uv: false, plat: false, clientPin: true, credentialMgmtPreview: true },
    maxMsgSize: 1024,
    protocols: [1],
  },
  {
    name: "Token2 with every option of CTAP 2.1 (systemd issue 28675)",
    versions: ["U2F_V2", "FIDO_2_0", "FIDO_2_1", "FIDO_2_1_PRE"],
    extensions: ["credBlob", "credProtect", "hmac-secret", "largeBlobKey", "minPinLength"],
    aaguid: "a3975549b191fd67b8fb017e2917fdb3",
    options: {
      ...{ rk: true, up: true, plat: false, alwaysUv: false, credMgmt: true, authnrCfg: true, clientPin: true },
      ...{ largeBlobs: true, pinUvAuthToken: true, setMinPINLength: true, makeCredUvNotRqd: true },
      credentialMgmtPreview: true,
    },
    maxMsgSize: 1536,
    protocols: [2, 1],
    rest: {
      ...{ 7: 8, 8: 96, 9: ["usb", "nfc"], 10: [es256], 11: 2048, 12: false, 13: 4, 14: 256, 15: 32, 16: 6 },
      ...{ 19: new Map([["FIDO", 1]]), 20: 50 },
    },
  },
  {
    name: "a key that says as little as CTAP 2.0 allows",
    versions: ["FIDO_2_0"],
    aaguid: "00".repeat(16),
    options: { clientPin: true },
    protocols: [1],
  },
];

function infoOf(shape: Shape): Uint8Array {
  const members: [number, CtapValue][] = [
    [1, shape.versions],
    [3, fromHex(shape.aaguid)],
    [4, new Map(Object.entries(shape.options))],
    ...Object.entries(shape.rest ?? {}).map(([key, value]): [number, CtapValue] => [Number(key), value]),
  ];
  if (shape.extensions !== undefined) members.push([2, shape.extensions]);
  if (shape.maxMsgSize !== undefined) members.push([5, shape.maxMsgSize]);
  if (shape.protocols !== undefined) members.push([6, shape.protocols]);
  return encodeCtap(new Map(members));
}

const watch = { signal: new AbortController().signal };
const make: FidoMake = {
  ...{
    rpId: "bank.example",
    rpName: "Acme Bank",
    userHandle: Uint8Array.of(1),
    userName: "alice",
    exclude: [],
    about: [],
  },
  clientDataHash: new Uint8Array(32).fill(5),
};

async function plugIn(key: SmallAuthenticator): Promise<HidFidoKey> {
  return HidFidoKey.connect(new HidBus(new ScriptedKey((request) => key.answer(request))));
}

describe.each(SHAPES)("$name", (shape) => {
  const protocol = shape.protocols?.includes(2) === true ? 2 : 1;

  test("enrols and signs with the better of its PIN protocols", async () => {
    const key = new SmallAuthenticator({ info: infoOf(shape), protocol, pin: "1234" });
    const host = await plugIn(key);
    expect(await host.info(watch)).toMatchObject({ pinSet: true, pinRetries: 8, hasBiometric: false });
    const made = await host.makeCredential(make, new ScriptedPrompt("1234"), watch);
    expect(made.credentialId).toEqual(key.credentialId);
    const clientDataHash = new Uint8Array(32).fill(6);
    const asked = { rpId: make.rpId, clientDataHash, allow: [Uint8Array.of(9), key.credentialId], about: [] };
    const { credentialId, authenticatorData, signature } = await host.getAssertion(
      asked,
      new ScriptedPrompt("1234"),
      watch,
    );
    expect(credentialId).toEqual(key.credentialId);
    expect(decodeAuthData(authenticatorData)).toMatchObject({ flags: 5, signCount: 2 });
    const signed = Buffer.concat([authenticatorData, clientDataHash]);
    expect(verify("sha256", signed, key.publicKey, signature)).toBe(true);
  });

  test("takes its first PIN, then another", async () => {
    const without = { ...shape, options: { ...shape.options, clientPin: false } };
    const key = new SmallAuthenticator({ info: infoOf(without), protocol });
    const host = await plugIn(key);
    await host.setPin(new ScriptedPrompt("pin\u0065\u0301 1", "pin\u00e9 1"), watch);
    expect(key.pin).toBe("pin\u00e9 1");
    const withPin = new SmallAuthenticator({ info: infoOf(shape), protocol, pin: "1234" });
    await (await plugIn(withPin)).setPin(new ScriptedPrompt("1234", "56789", "56789"), watch);
    expect(withPin.pin).toBe("56789");
  });

  test("tells the tries left after a wrong PIN", async () => {
    const key = new SmallAuthenticator({ info: infoOf(shape), protocol, pin: "1234" });
    const prompt = new ScriptedPrompt("9999", "8888", "1234");
    await (await plugIn(key)).makeCredential(make, prompt, watch);
    expect(prompt.asked.map(({ problem }) => problem)).toEqual([
      undefined,
      "Wrong PIN, 7 tries left.",
      "Wrong PIN, 6 tries left.",
    ]);
  });
});

describe("getInfo that was built without care", () => {
  const shape = SHAPES[0]!;
  const sorted = infoOf(shape);

  test("members in another order are read", async () => {
    // The map's first two members change places: versions and extensions.
    const hex = Buffer.from(sorted).toString("hex");
    const first = /^a6(01826655.*?325f30)(0282.*?)(0350.*)$/.exec(hex);
    const unsorted = fromHex(`a6${first?.[2]}${first?.[1]}${first?.[3]}`);
    const key = new SmallAuthenticator({ info: unsorted, protocol: 1, pin: "1234" });
    expect(await (await plugIn(key)).info(watch)).toMatchObject({ pinSet: true });
  });

  test("a member that nobody knows is passed over", async () => {
    const more = { ...shape, rest: { 99: 1234, 100: new Map([["x", [1, 2]]]) } };
    const key = new SmallAuthenticator({ info: infoOf(more), protocol: 1, pin: "1234" });
    expect(await (await plugIn(key)).info(watch)).toMatchObject({ pinSet: true });
  });
});

/** Bends the key agreement key of an answer, where it has one. */
function withKey(answer: Uint8Array, bend: (key: Map<number | string, CtapValue>) => void): Uint8Array {
  const map = new Map(decodeCtap(answer.subarray(1)) as CtapMap);
  if (!map.has(1)) return answer;
  const key = new Map(map.get(1) as CtapMap);
  bend(key);
  return Uint8Array.of(0, ...encodeCtap(map.set(1, key)));
}

describe("key agreement keys that were built without care", () => {
  test.each<readonly [string, (key: Map<number | string, CtapValue>) => void]>([
    ["curve 0", (key) => key.set(-1, 0)],
    ["no curve", (key) => key.delete(-1)],
    ["the algorithm of signatures", (key) => key.set(3, -7)],
    ["no algorithm", (key) => key.delete(3)],
    ["members that nobody knows", (key) => key.set(2, new Uint8Array(4))],
  ])("%s: the agreement still holds", async (_what, bend) => {
    const key = new SmallAuthenticator({ info: infoOf(SHAPES[0]!), protocol: 1, pin: "1234" });
    const answer = (request: Uint8Array): Uint8Array => {
      const said = key.answer(request);
      return request[0] === 6 && said.length > 1 ? withKey(said, bend) : said;
    };
    const host = await HidFidoKey.connect(new HidBus(new ScriptedKey(answer)));
    await expect(host.makeCredential(make, new ScriptedPrompt("1234"), watch)).resolves.toBeDefined();
  });
});

describe("how the user is verified", () => {
  const base: Shape = { name: "", versions: ["FIDO_2_0"], aaguid: "00".repeat(16), options: {}, protocols: [1] };

  async function making(options: Readonly<Record<string, boolean>>, ...typed: string[]): Promise<unknown> {
    const key = new SmallAuthenticator({ info: infoOf({ ...base, options }), protocol: 1, pin: "1234" });
    return (await plugIn(key)).makeCredential(make, new ScriptedPrompt(...typed), watch);
  }

  test("a finger key of CTAP 2.0 verifies within the request; no PIN is asked", async () => {
    expect(await making({ uv: true, clientPin: true })).toMatchObject({ transports: ["usb"] });
  });

  test("a key that lists uv and then knows no such option is asked by PIN", async () => {
    const key = new SmallAuthenticator({
      info: infoOf({ ...base, options: { uv: true, clientPin: true } }),
      protocol: 1,
      pin: "1234",
    });
    const answer = (request: Uint8Array): Uint8Array =>
      request[0] === 1 && Buffer.from(request).includes(Buffer.from("\u0062uv"))
        ? Uint8Array.of(0x2b)
        : key.answer(request);
    const host = await HidFidoKey.connect(new HidBus(new ScriptedKey(answer)));
    const prompt = new ScriptedPrompt("1234");
    await host.makeCredential(make, prompt, watch);
    expect(prompt.asked).toHaveLength(1);
  });

  test("an empty or short PIN never reaches the key, which would count it", async () => {
    const key = new SmallAuthenticator({ info: infoOf(SHAPES[0]!), protocol: 1, pin: "1234" });
    const prompt = new ScriptedPrompt("", "123", "1234");
    await (await plugIn(key)).makeCredential(make, prompt, watch);
    expect([prompt.asked.length, key.retries]).toEqual([3, 8]);
  });

  test.each([
    ["no PIN yet", { clientPin: false }, "PIN_NOT_SET"],
    ["no PIN yet and no finger enrolled", { clientPin: false, uv: false }, "PIN_NOT_SET"],
    ["neither PIN nor sensor", {}, "UNSUPPORTED_OPTION"],
    [
      "a PIN that serves no credentials",
      { clientPin: true, noMcGaPermissionsWithClientPin: true },
      "UNSUPPORTED_OPTION",
    ],
  ])("%s: refused, with nothing asked", async (_what, options, ctap) => {
    await expect(making(options)).rejects.toMatchObject({ name: "FidoRefusal", ctap });
  });

  test("a PIN that must be changed first is said so", async () => {
    const shape = { ...base, options: { clientPin: true }, rest: { 12: true } };
    const key = new SmallAuthenticator({ info: infoOf(shape), protocol: 1, pin: "1234" });
    const host = await plugIn(key);
    await expect(host.makeCredential(make, new ScriptedPrompt("1234"), watch)).rejects.toMatchObject({
      ctap: "PIN_POLICY_VIOLATION",
      message: expect.stringContaining("changed first"),
    });
  });

  test("a key without a PIN protocol that both know can have no PIN set by us", async () => {
    const key = new SmallAuthenticator({
      info: infoOf({ ...base, options: { clientPin: false }, protocols: [7] }),
      protocol: 1,
    });
    await expect((await plugIn(key)).setPin(new ScriptedPrompt("1234", "1234"), watch)).rejects.toMatchObject({
      ctap: "UNSUPPORTED_OPTION",
    });
  });
});

describe("selection of CTAP 2.0 keys", () => {
  test.each([["1234"], [undefined]])("with PIN %s a touch is told by a refused credential", async (pin) => {
    const options = { info: infoOf(SHAPES[0]!), protocol: 1 } as const;
    const key = new SmallAuthenticator(pin === undefined ? options : { ...options, pin });
    await expect((await plugIn(key)).select(watch)).resolves.toBeUndefined();
  });
});

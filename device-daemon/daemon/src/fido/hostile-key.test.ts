import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type CtapMap,
  CtapStatus,
  type CtapValue,
  decodeAuthData,
  decodeCtap,
  encodeAuthData,
  encodeCtap,
} from "@countersign/key-protocol";
import { status } from "@grpc/grpc-js";
import { HidBus } from "../hid/hid-bus.ts";
import { LinkError } from "../hid/link-error.ts";
import { failureOf } from "../service/failure-of.ts";
import { ScriptedKey } from "../testing/scripted-key.ts";
import { ScriptedPrompt } from "../testing/scripted-prompt.ts";
import { SmallAuthenticator } from "../testing/small-authenticator.ts";
import type { FidoAsserted, FidoMade } from "./fido-key.ts";
import { FidoRefusal } from "./fido-refusal.ts";
import { HidFidoKey } from "./hid-fido-key.ts";

const RP_ID = "bank.example";
const watch = { signal: new AbortController().signal };
const INFO = encodeCtap(
  new Map<number, CtapValue>([
    [1, ["FIDO_2_0"]],
    [3, new Uint8Array(16)],
    [4, new Map([["clientPin", true]])],
    [6, [1]],
  ]),
);

/** A key whose answer to `command` is bent before it leaves. */
async function bent(
  command: number,
  bend: (answer: Uint8Array, key: SmallAuthenticator) => Uint8Array,
): Promise<{ readonly host: HidFidoKey; readonly key: SmallAuthenticator }> {
  const key = new SmallAuthenticator({ info: INFO, protocol: 1, pin: "1234" });
  const answer = (request: Uint8Array): Uint8Array =>
    request[0] === command ? bend(key.answer(request), key) : key.answer(request);
  return { host: await HidFidoKey.connect(new HidBus(new ScriptedKey(answer))), key };
}

async function making(host: HidFidoKey): Promise<FidoMade> {
  const names = { rpId: RP_ID, rpName: "Acme Bank", userHandle: Uint8Array.of(1), userName: "alice" };
  const request = { ...names, clientDataHash: new Uint8Array(32).fill(5), exclude: [], about: [] };
  return host.makeCredential(request, new ScriptedPrompt("1234"), watch);
}

async function asserting(host: HidFidoKey, key: SmallAuthenticator): Promise<FidoAsserted> {
  const allow = [key.credentialId, Uint8Array.of(1, 2, 3)];
  const request = { rpId: RP_ID, clientDataHash: new Uint8Array(32).fill(6), allow, about: [] };
  return host.getAssertion(request, new ScriptedPrompt("1234"), watch);
}

/** Changes members of an answer's map. */
function withMembers(answer: Uint8Array, change: (map: Map<number | string, CtapValue>) => void): Uint8Array {
  const map = new Map(decodeCtap(answer.subarray(1)) as CtapMap);
  change(map);
  return Uint8Array.of(0, ...encodeCtap(map));
}

function withAuthData(answer: Uint8Array, change: (data: ReturnType<typeof decodeAuthData>) => object): Uint8Array {
  return withMembers(answer, (map) => {
    const data = decodeAuthData(map.get(2) as Uint8Array);
    map.set(2, encodeAuthData({ ...data, ...change(data) }));
  });
}

function credential(id: Uint8Array): CtapMap {
  return new Map<string, CtapValue>([
    ["id", id],
    ["type", "public-key"],
  ]);
}

type Bend = (answer: Uint8Array, key: SmallAuthenticator) => Uint8Array;
const BOTH: readonly (readonly [string, Bend])[] = [
  ["another relying party", (answer) => withAuthData(answer, () => ({ rpIdHash: new Uint8Array(32) }))],
  ["nobody verified", (answer) => withAuthData(answer, () => ({ flags: 0x01 }))],
  ["nobody present", (answer) => withAuthData(answer, () => ({ flags: 0x04 }))],
  ["nothing at all", () => Uint8Array.of(0)],
  ["no bytes", () => new Uint8Array(0)],
  ["no map", () => Uint8Array.of(0, 0x01)],
  ["members of other types", (answer) => withMembers(answer, (map) => map.set(2, "text"))],
  [
    "authenticator data cut short",
    (answer) => withMembers(answer, (map) => map.set(2, (map.get(2) as Uint8Array).slice(0, 36))),
  ],
  [
    "authenticator data with more behind it",
    (answer) => withMembers(answer, (map) => map.set(2, Uint8Array.of(...(map.get(2) as Uint8Array), 0))),
  ],
  ["bytes after its end", (answer) => Uint8Array.of(...answer, 0)],
  ["CBOR that is not canonical", (answer) => Uint8Array.of(0, 0xb8, (answer[1] ?? 0) & 0x1f, ...answer.subarray(2))],
];

describe("D11: answers that are none", () => {
  test.each(BOTH)("makeCredential with %s is garbled", async (_what, bend) => {
    const { host } = await bent(1, bend);
    await expect(making(host)).rejects.toMatchObject({ name: "LinkError", fault: "garbled" });
  });

  test.each(BOTH)("getAssertion with %s is garbled", async (_what, bend) => {
    const { host, key } = await bent(2, bend);
    await expect(asserting(host, key)).rejects.toMatchObject({ name: "LinkError", fault: "garbled" });
  });

  test("a made credential that is none is garbled", async () => {
    const { host } = await bent(1, (answer) => withAuthData(answer, () => ({ credential: undefined })));
    await expect(making(host)).rejects.toMatchObject({ fault: "garbled" });
  });

  test.each<readonly [string, Bend]>([
    [
      "a credential that was not asked for",
      (answer) => withMembers(answer, (map) => map.set(1, credential(Uint8Array.of(9)))),
    ],
    ["no credential where two were asked for", (answer) => withMembers(answer, (map) => map.delete(1))],
    ["no signature", (answer) => withMembers(answer, (map) => map.delete(3))],
    ["an empty signature", (answer) => withMembers(answer, (map) => map.set(3, new Uint8Array(0)))],
    ["a signature of 513 bytes", (answer) => withMembers(answer, (map) => map.set(3, new Uint8Array(513)))],
  ])("an assertion with %s is garbled", async (_what, bend) => {
    const { host, key } = await bent(2, bend);
    await expect(asserting(host, key)).rejects.toMatchObject({ fault: "garbled" });
  });

  test("a signature over something else passes on: the core verifies, not the PC", async () => {
    const { host, key } = await bent(2, (answer) =>
      withMembers(answer, (map) => map.set(3, new Uint8Array(70).fill(1))),
    );
    expect((await asserting(host, key)).signature).toEqual(new Uint8Array(70).fill(1));
  });

  test.each<readonly [string, CtapValue]>([
    ["no map", 5],
    ["no versions", new Map<number, CtapValue>([[3, new Uint8Array(16)]])],
    [
      "a short AAGUID",
      new Map<number, CtapValue>([
        [1, []],
        [3, new Uint8Array(15)],
      ]),
    ],
    [
      "versions that are numbers",
      new Map<number, CtapValue>([
        [1, [1]],
        [3, new Uint8Array(16)],
      ]),
    ],
    [
      "65 versions",
      new Map<number, CtapValue>([
        [1, Array.from({ length: 65 }, () => "x")],
        [3, new Uint8Array(16)],
      ]),
    ],
    [
      "a negative size",
      new Map<number, CtapValue>([
        [1, []],
        [3, new Uint8Array(16)],
        [5, -1],
      ]),
    ],
  ])("getInfo with %s is garbled", async (_what, info) => {
    const { host } = await bent(4, () => Uint8Array.of(0, ...encodeCtap(info)));
    await expect(host.info(watch)).rejects.toMatchObject({ fault: "garbled" });
  });

  test.each<readonly [string, Bend]>([
    ["no key agreement", (answer) => withMembers(answer, (map) => map.delete(1))],
    [
      "a key that is no point",
      (answer) =>
        withMembers(
          answer,
          (map) => map.has(1) && map.set(1, new Map([...(map.get(1) as CtapMap), [-2, new Uint8Array(32)]])),
        ),
    ],
    ["no token", (answer) => withMembers(answer, (map) => map.delete(2))],
    ["a token of 48 bytes", (answer) => withMembers(answer, (map) => map.has(2) && map.set(2, new Uint8Array(48)))],
    ["a token of 17 bytes", (answer) => withMembers(answer, (map) => map.has(2) && map.set(2, new Uint8Array(17)))],
  ])("clientPIN with %s is garbled", async (_what, bend) => {
    const { host } = await bent(6, (answer, key) => (answer.length === 1 ? answer : bend(answer, key)));
    await expect(making(host)).rejects.toMatchObject({ fault: "garbled" });
  });

  test("a request longer than the key says it takes is refused before the first report", async () => {
    const small = encodeCtap(new Map([...(decodeCtap(INFO) as CtapMap), [5, 100]]));
    const { host, key } = await bent(4, () => Uint8Array.of(0, ...small));
    await expect(making(host)).rejects.toMatchObject({ ctap: "REQUEST_TOO_LARGE", told: "TOO_LONG" });
    expect(key.retries).toBe(8);
  });

  test("random answers to anything end in a refusal or a garbled link, never in a crash or a hang", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 4, 6),
        fc.uint8Array({ minLength: 0, maxLength: 200 }),
        fc.boolean(),
        async (command, bytes, well) => {
          const { host, key } = await bent(command, () => (well ? Uint8Array.of(0, ...bytes) : bytes));
          const cause = await (command === 1 ? making(host) : asserting(host, key)).then(
            () => undefined,
            (error: unknown) => error,
          );
          expect(cause === undefined || cause instanceof LinkError || cause instanceof FidoRefusal).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("answers with one byte changed end so, too, or carry what was asked for", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 4, 6),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (command, at, change) => {
          const { host, key } = await bent(command, (answer) =>
            answer.with(at % answer.length, (answer[at % answer.length] ?? 0) ^ change),
          );
          const cause = await asserting(host, key).then(
            ({ credentialId }) => expect(credentialId).toEqual(key.credentialId),
            (error: unknown) => error,
          );
          expect(cause === undefined || cause instanceof LinkError || cause instanceof FidoRefusal).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("what keys refuse", () => {
  const told: Record<string, string> = {
    CREDENTIAL_EXCLUDED: "NOT_ALLOWED",
    INVALID_CREDENTIAL: "NO_KEY",
    NO_CREDENTIALS: "NO_KEY",
    OPERATION_DENIED: "USER_DENIED",
    KEEPALIVE_CANCEL: "CANCELLED",
    USER_ACTION_TIMEOUT: "USER_TIMEOUT",
    ACTION_TIMEOUT: "USER_TIMEOUT",
    TIMEOUT: "USER_TIMEOUT",
    PIN_INVALID: "PIN_INVALID",
    PIN_BLOCKED: "PIN_BLOCKED",
    PIN_AUTH_BLOCKED: "PIN_BLOCKED",
    PIN_NOT_SET: "PIN_REQUIRED",
    PUAT_REQUIRED: "PIN_REQUIRED",
    PIN_POLICY_VIOLATION: "BAD_PARAM",
    PIN_AUTH_INVALID: "NOT_ALLOWED",
    PIN_TOKEN_EXPIRED: "NOT_ALLOWED",
    UV_BLOCKED: "PIN_BLOCKED",
    UV_INVALID: "PIN_INVALID",
    KEY_STORE_FULL: "STORAGE",
    NOT_ALLOWED: "NOT_ALLOWED",
  };
  const refusals = Object.entries(CtapStatus).filter(([name]) => name !== "OK");

  test.each(refusals)("%s has a status, words, and a name of its own", async (name, code) => {
    const { host, key } = await bent(2, () => Uint8Array.of(code));
    const cause = await asserting(host, key).catch((error: unknown) => error);
    const failure = failureOf(cause);
    expect(cause).toMatchObject({ name: "FidoRefusal", ctap: name });
    expect(failure).toMatchObject({ reason: "KEY_REFUSED", code: status.ABORTED });
    expect(failure?.details).toMatch(new RegExp(`^the key refused: .{9,} \\(${name}\\)$`));
  });

  test.each(Object.entries(told))("%s is told to clients as %s", (name, as) => {
    expect(new FidoRefusal(CtapStatus[name as keyof typeof CtapStatus]).metadata()).toEqual({ status: as, ctap: name });
  });

  test.each([0xe0, 0xf2, 0xff])("status %i of a vendor is told by its number", async (code) => {
    const { host, key } = await bent(2, () => Uint8Array.of(code));
    await expect(asserting(host, key)).rejects.toMatchObject({ ctap: `0x${code.toString(16)}`, told: "NOT_ALLOWED" });
  });

  test("what follows a refusal's status is nobody's business", async () => {
    const { host, key } = await bent(2, () => Uint8Array.of(CtapStatus.NO_CREDENTIALS, 0xff, 0xff));
    await expect(asserting(host, key)).rejects.toMatchObject({ ctap: "NO_CREDENTIALS" });
  });

  test.each([
    ["PIN_INVALID at the last try is PIN_BLOCKED with none left", 1, "PIN_BLOCKED", 0, ["9999"]],
    ["PIN_BLOCKED", 0, "PIN_BLOCKED", 0, ["1234"]],
  ])("%s", async (_what, retries, ctap, left, typed) => {
    const { host, key } = await bent(99, (answer) => answer);
    key.retries = retries;
    const request = { rpId: RP_ID, clientDataHash: new Uint8Array(32), allow: [key.credentialId], about: [] };
    await expect(host.getAssertion(request, new ScriptedPrompt(...typed), watch)).rejects.toMatchObject({
      ctap,
      retries: left,
    });
  });

  test("a PIN is in no refusal and no link error", async () => {
    const { host, key } = await bent(6, (answer) => (answer.length > 60 ? answer.with(9, 0) : answer));
    const prompt = new ScriptedPrompt("73914682");
    const request = { rpId: RP_ID, clientDataHash: new Uint8Array(32), allow: [key.credentialId], about: [] };
    const cause = await host.getAssertion(request, prompt, watch).catch((error: unknown) => error);
    expect(String((cause as Error).stack) + JSON.stringify(cause)).not.toContain("73914682");
  });
});

import { join } from "node:path";
import { ClientDataType, concatBytes, Kind, Label, nativeClientData, sha256, utf8 } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import { tempFolder } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { confirm, outcomeOf, type ConfirmRequest } from "../confirm.ts";
import type { Outcome } from "../outcome.ts";
import { CODE, FakeCore, GRANT_TOKEN, serveWeb, startFakeDaemon, TestFidoKey, type FakeWeb } from "../testing/index.ts";
import { openCore } from "./open-core.ts";
import { webAuthnKey } from "./web-authn-key.ts";
import type { CredentialPlace } from "./webauthn.ts";

const folder = tempFolder();
const LOGIN: ConfirmRequest = {
  ...{ userId: "ada", kind: Kind.LOGIN },
  fields: [{ label: Label.TARGET, value: { type: "text", text: "Console" } }],
};
const key = new TestFidoKey("localhost");
const bufferOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

/** A browser with this key: touched at once, or it fails so. */
function browser(failure?: DOMException): CredentialPlace {
  const get = async (options: object): Promise<unknown> => {
    if (failure !== undefined) throw failure;
    const { challenge } = (options as { publicKey: { challenge: Uint8Array } }).publicKey;
    const clientData = nativeClientData(ClientDataType.GET, challenge);
    const authenticatorData = Uint8Array.of(...sha256(utf8(key.rpId)), 0x05, 0, 0, 0, 0);
    const signature = key.signDer(concatBytes(authenticatorData, sha256(clientData)));
    const response = {
      ...{ authenticatorData: bufferOf(authenticatorData), clientDataJSON: bufferOf(clientData) },
      signature: bufferOf(signature),
    };
    return { rawId: bufferOf(key.credentialId), response };
  };
  return { get, create: get };
}

let core: FakeCore;
let web: FakeWeb;

beforeEach(async () => {
  core = await new FakeCore().start();
  core.userKey = key;
  web = await serveWeb(core.services);
});
afterEach(() => {
  web.stop();
  core.stop();
});

function run(place: CredentialPlace, codes: (string | undefined)[]): Promise<Outcome> {
  const daemon = webAuthnKey({ place, askCode: async () => codes.shift() });
  const pinned = { serverId: core.serverId, publicKeys: [core.receiptKey.coseKey] };
  const given = {
    core: openCore({ address: web.url, token: GRANT_TOKEN }),
    daemon,
    pinned,
    until: "confirmed",
  } as const;
  return outcomeOf(confirm(LOGIN, given));
}

test("a security key of the browser confirms with the code that was typed", async () => {
  expect(await run(browser(), [CODE])).toEqual({ state: "CONFIRMED" });
});

test("what is no code is asked for again, and after a wrong one the key signs anew", async () => {
  expect(await run(browser(), ["12", "000000", CODE])).toEqual({ state: "CONFIRMED" });
  expect(core.submits).toBe(2);
});

test.each([
  ["NotAllowedError", { state: "KEY_REFUSED", status: "USER_DENIED" }],
  ["SecurityError", { state: "KEY_REFUSED", status: "NOT_ALLOWED" }],
  ["NotSupportedError", { state: "KEY_REFUSED", status: "UNSUPPORTED" }],
])("%s of the browser withdraws and is told", async (name, outcome) => {
  expect(await run(browser(new DOMException("no", name)), [CODE])).toMatchObject(outcome);
  expect(core.only.transaction.state).toBe(State.CANCELLED);
});

test("a user who gives no code withdraws", async () => {
  expect(await run(browser(), [undefined])).toMatchObject({ state: "KEY_REFUSED", status: "USER_DENIED" });
});

test("without a security key among those that may sign there is none", async () => {
  const device = await startFakeDaemon(join(folder, "daemon.sock"), []);
  core.userKey = device.key;
  expect(await run(browser(), [CODE])).toMatchObject({ state: "NO_KEY" });
  device.stop();
});

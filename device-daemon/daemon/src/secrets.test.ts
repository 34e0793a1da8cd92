import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { VerificationMethod } from "@countersign/proto/node/device/v1/device_service";
import { decodeStatement, parseSigned, toHex } from "@countersign/protocol";
import { Cable } from "./testing/cable.ts";
import { DeviceClient } from "./testing/device-client.ts";
import { enrol, type Rig, setPin, signRequest, startRig } from "./testing/rig.ts";

// Long and unlikely, so that finding them means that they are there.
const PIN_CANARY = "739104628517";
const CODE_CANARY = "9182736450";

/** Everything that a client and the daemon say to each other, in the clear. */
async function tap(path: string, daemon: string, frames: Buffer[]): Promise<Server> {
  const server = createServer((client) => {
    const target = connect(daemon);
    client.on("data", (chunk: Buffer) => frames.push(chunk)).pipe(target);
    target.on("data", (chunk: Buffer) => frames.push(chunk)).pipe(client);
    for (const end of [client, target]) end.on("error", () => end.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

/** Digits as text, as bytes of their values and in a length-prefixed CBOR text. */
function formsOf(digits: string): Buffer[] {
  const text = Buffer.from(digits);
  return [text, Buffer.from([...digits].map(Number)), Buffer.from(toHex(text))];
}

async function withTaps<T>(
  key: readonly string[],
  run: (rig: Rig, client: DeviceClient) => Promise<T>,
): Promise<{ value: T; reports: Buffer; frames: Buffer; logs: Buffer }> {
  let cable: Cable | undefined;
  const rig = await startRig({
    key,
    via: async (keySocket, folder) => {
      cable = await Cable.lay(join(folder, "cable.sock"), keySocket);
      return join(folder, "cable.sock");
    },
  });
  const frames: Buffer[] = [];
  const path = join(rig.folder, "tap.sock");
  const server = await tap(path, rig.address.replace("unix:", ""), frames);
  const client = new DeviceClient(`unix:${path}`);
  const value = await run({ ...rig, client }, client);
  const logs = Buffer.from(rig.daemon.output() + rig.emulator.output());
  const store = readdirSync(join(rig.folder, "key")).map((name) => readFileSync(join(rig.folder, "key", name)));
  client.close();
  server.close();
  await rig.stop();
  await cable?.close();
  // One report's data after the other, so that a value over two reports is found, too.
  const data = (cable?.log ?? []).map(({ report }) => Buffer.from(report.slice((report[4] ?? 0) & 0x80 ? 7 : 5)));
  return { value, reports: Buffer.concat(data), frames: Buffer.concat(frames), logs: Buffer.concat([logs, ...store]) };
}

function occurrences(where: Record<string, Buffer>, digits: string): string[] {
  return Object.entries(where).flatMap(([name, bytes]) =>
    formsOf(digits).flatMap((form) => (bytes.includes(form) ? [name] : [])),
  );
}

test("claim 12: PIN and code are in no HID report, gRPC frame, log or store: a full round with both typed on the key", async () => {
  const seen = await withTaps([], async (rig, client) => {
    await setPin(rig, PIN_CANARY);
    const enrolling = client.enrol({
      serverId: "0123456789abcdef0123456789abcdef",
      serverName: "Acme Bank",
      challenge: randomBytes(32),
    });
    await rig.hands.until("enrol");
    await rig.hands.press("ok");
    await rig.hands.until("pin");
    await rig.hands.type(PIN_CANARY);
    await rig.hands.until("fingerprint");
    await rig.hands.press("ok");
    const { keyId } = parseSigned((await enrolling).last ?? new Uint8Array(0));
    const request = signRequest(toHex(keyId), { requester: "canary" });
    const signing = client.sign(request);
    await rig.hands.readPages();
    await rig.hands.until("pin");
    await rig.hands.type("000000");
    await rig.hands.untilScreen(({ rows }) => rows[1]?.includes("wrong PIN") ?? false);
    await rig.hands.type(PIN_CANARY);
    await rig.hands.until("code");
    await expect(client.answer(request.transactionId ?? "", CODE_CANARY.slice(0, 6))).rejects.toThrow("keypad");
    await rig.hands.type(CODE_CANARY);
    return decodeStatement(parseSigned((await signing).last?.signedStatement ?? new Uint8Array(0)).payload);
  });
  expect(seen.value).toMatchObject({ decision: 1, codeEntry: 1, userVerification: 1 });
  const { reports, frames, logs } = seen;
  expect(frames.includes("canary")).toBe(true);
  expect(reports.includes("Acme Bank")).toBe(true);
  expect(logs.includes("asked to sign")).toBe(true);
  expect(occurrences({ reports, frames, logs }, PIN_CANARY)).toEqual([]);
  expect(occurrences({ reports, frames, logs }, CODE_CANARY)).toEqual([]);
}, 400_000);

test("claim 11: a key without keypad takes the code by Answer, says so, and it is still in no log", async () => {
  const seen = await withTaps(["--keypad", "off"], async (rig, client) => {
    await rig.hands.addFinger();
    const enrolling = client.enrol({
      serverId: "0123456789abcdef0123456789abcdef",
      serverName: "Acme Bank",
      challenge: randomBytes(32),
    });
    await rig.hands.until("enrol");
    await rig.hands.press("ok");
    await rig.hands.until("finger");
    await rig.hands.finger(true);
    await rig.hands.until("fingerprint");
    await rig.hands.press("ok");
    const { keyId } = parseSigned((await enrolling).last ?? new Uint8Array(0));
    const request = signRequest(toHex(keyId));
    const verifying = client.verifyUser(VerificationMethod.BIOMETRIC);
    await rig.hands.until("finger");
    await rig.hands.finger(true);
    const signing = client.sign({ ...request, session: await verifying });
    await rig.hands.until("pages");
    await expect(client.answer(request.transactionId ?? "", CODE_CANARY)).rejects.toMatchObject({
      metadata: { status: "NOT_ALLOWED" },
    });
    await rig.hands.readPages();
    await rig.hands.until("code");
    await expect(rig.anotherClient().answer(request.transactionId ?? "", CODE_CANARY)).rejects.toMatchObject({
      reason: "NOT_AWAITED",
    });
    await client.answer(request.transactionId ?? "", CODE_CANARY);
    return decodeStatement(parseSigned((await signing).last?.signedStatement ?? new Uint8Array(0)).payload);
  });
  expect(seen.value).toMatchObject({ decision: 1, shown: 1, codeEntry: 0, userVerification: 2 });
  expect(occurrences({ logs: seen.logs }, CODE_CANARY)).toEqual([]);
}, 400_000);

test("claim 06: a key without display signs by its lights, through the daemon", async () => {
  const seen = await withTaps(["--profile", "no-display"], async (rig) => {
    await setPin(rig);
    const { keyId } = await enrol(rig, false);
    const signing = rig.client.sign(signRequest(toHex(keyId), { mode: 3 }));
    await rig.hands.untilScreen(({ lights }) => lights.pin);
    await rig.hands.type("482915");
    await rig.hands.untilScreen(({ lights }) => lights.code);
    await rig.hands.type(CODE_CANARY);
    return decodeStatement(parseSigned((await signing).last?.signedStatement ?? new Uint8Array(0)).payload);
  });
  expect(seen.value).toMatchObject({ decision: 1, shown: 0, codeEntry: 1, userVerification: 1 });
}, 400_000);

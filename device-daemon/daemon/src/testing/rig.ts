import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SignRequest } from "@countersign/proto/node/device/v1/device_service";
import { decodeEnrolment, encodeContent, type Enrolment, Kind, parseSigned, renderFields } from "@countersign/protocol";
import { type Child, startChild } from "@countersign/testing";
import { DeviceClient } from "./device-client.ts";
import { KeyHands } from "./key-hands.ts";

/** PIN that the rig's person uses. */
export const PIN = "482915";

/** A key and a daemon as processes of their own, with a client and a person. */
export interface Rig {
  readonly folder: string;
  readonly emulator: Child;
  readonly daemon: Child;
  readonly hands: KeyHands;
  readonly client: DeviceClient;
  readonly address: string;
  readonly keySocket: string;
  /** A further connection, as another program makes it. */
  anotherClient(): DeviceClient;
  stop(): Promise<void>;
}

/** Starts both. `via` puts something between the daemon and the key's socket and returns the path for the daemon. */
export async function startRig(
  options: {
    readonly key?: readonly string[];
    readonly via?: (keySocket: string, folder: string) => Promise<string>;
    /** Further flags of the daemon. */
    readonly daemon?: readonly string[];
  } = {},
): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-daemon-"));
  const keySocket = join(folder, "key.sock");
  const emulator = await startChild("device-daemon/emulator/src/main.ts", [
    ...["--socket", keySocket, "--store", join(folder, "key"), "--serial", "TEST-1"],
    ...(options.key ?? []),
  ]);
  const seenByDaemon = (await options.via?.(keySocket, folder)) ?? keySocket;
  // A cable that loses reports is about a key's times; elsewhere a key that waits for a processor is not gone.
  const patience = options.via === undefined ? ["--key-patience", "30"] : [];
  const flags = ["--key-socket", seenByDaemon, ...patience, ...(options.daemon ?? [])];
  const daemon = await startChild(
    "device-daemon/daemon/src/main.ts",
    ["--socket", join(folder, "run", "daemon.sock"), ...flags],
    { COUNTERSIGN_LOG: "debug" },
  );
  const address = String(daemon.ready["socket"]);
  const clients = [new DeviceClient(address)];
  const [client] = clients as [DeviceClient];
  await client.untilKeys((keys) => keys.length === 1);
  return {
    folder,
    emulator,
    daemon,
    hands: new KeyHands(String(emulator.ready["control"])),
    client,
    address,
    keySocket,
    anotherClient: () => {
      const another = new DeviceClient(address);
      clients.push(another);
      return another;
    },
    stop: async () => {
      for (const each of clients) each.close();
      await Promise.all([daemon.stop(), emulator.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The person sets the first PIN. */
export async function setPin(rig: Rig, pin: string = PIN): Promise<void> {
  const done = rig.client.setPin();
  await rig.hands.until("new-pin");
  await rig.hands.type(pin);
  await rig.hands.until("repeat-pin");
  await rig.hands.type(pin);
  await done;
}

/** A server that keys enrol with. */
export const SERVER_ID: string = "0123456789abcdef0123456789abcdef";

/** The person enrols the key with SERVER_ID; resolves with the enrolment that the key signed. */
export async function enrol(rig: Rig, display = true): Promise<Enrolment> {
  const done = rig.client.enrol({ serverId: SERVER_ID, serverName: "Acme Bank", challenge: randomBytes(32) });
  if (display) {
    await rig.hands.until("enrol");
    await rig.hands.press("ok");
  }
  await rig.hands.until("pin");
  await rig.hands.type(PIN);
  if (display) {
    await rig.hands.until("fingerprint");
    await rig.hands.press("ok");
  }
  const { last } = await done;
  return decodeEnrolment(parseSigned(last ?? new Uint8Array(0)).payload);
}

/** Content of a payment. */
export const CONTENT: Uint8Array = encodeContent({
  version: 1,
  issuer: "Acme Bank",
  kind: Kind.PAY,
  lines: renderFields(Kind.PAY, [
    { label: 1, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125_000n } } },
    { label: 2, value: { type: "text", text: "Müller GmbH" } },
    { label: 3, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
  ]),
});

/** A Sign request with ids of its own. */
export function signRequest(keyId: string, change: Partial<SignRequest> = {}): Partial<SignRequest> {
  return {
    keyIds: [keyId],
    serverId: SERVER_ID,
    transactionId: randomBytes(16).toString("hex"),
    nonce: randomBytes(32),
    content: Buffer.from(CONTENT),
    mode: 1,
    expiresInS: 120,
    requester: "test",
    ...change,
  };
}

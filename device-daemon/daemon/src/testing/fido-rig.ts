import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  Assertion,
  EnrolRequest,
  EnrolResponse,
  FidoRegistration,
  SignRequest,
  SignResponse,
} from "@countersign/proto/node/device/v1/device_service";
import { EnrolRequest as EnrolRequests } from "@countersign/proto/node/device/v1/device_service";
import { fidoKeyIdOf, nativeRpIdOf, fromHex, toHex } from "@countersign/protocol";
import { type Child, startChild } from "@countersign/testing";
import { collect, DeviceClient, type Ended } from "./device-client.ts";
import { FakePinentry } from "./fake-pinentry.ts";
import { KeyHands } from "./key-hands.ts";
import { CONTENT, SERVER_ID } from "./rig.ts";

/** PIN of the rig's keys, and the code of its transactions. */
export const FIDO_PIN = "k\u00e9y 4829";
export const CODE = "915372";

/** Relying party of an installation without web pages. */
export const RP_ID: string = nativeRpIdOf(fromHex(SERVER_ID));

/** FIDO2 keys and a daemon as processes of their own, with a client, and a person at keys and pinentry. */
export interface FidoRig {
  readonly folder: string;
  readonly emulators: readonly Child[];
  readonly daemon: Child;
  /** At the first key; the others in `allHands`. */
  readonly hands: KeyHands;
  readonly allHands: readonly KeyHands[];
  readonly pinentry: FakePinentry;
  readonly client: DeviceClient;
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts both. `via` puts something between the daemon and a key's socket and returns the path for the daemon. */
export async function startFidoRig(
  options: {
    readonly keys?: number;
    readonly flags?: readonly string[];
    readonly via?: (keySocket: string, folder: string) => Promise<string>;
  } = {},
): Promise<FidoRig> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-fido-"));
  const emulators: Child[] = [];
  const sockets: string[] = [];
  for (let at = 1; at <= (options.keys ?? 1); at++) {
    const socket = join(folder, `key-${at}.sock`);
    const store = join(folder, `key-${at}`);
    const flags = ["--profile", "fido2", "--fido-socket", socket, "--store", store, ...(options.flags ?? [])];
    emulators.push(await startChild("device-daemon/emulator/src/main.ts", flags));
    sockets.push((await options.via?.(socket, folder)) ?? socket);
  }
  mkdirSync(join(folder, "person"));
  const pinentry = new FakePinentry(join(folder, "person"));
  const daemon = await startChild(
    "device-daemon/daemon/src/main.ts",
    [
      ...["--socket", join(folder, "run", "daemon.sock"), "--pinentry", pinentry.path],
      ...["--key-patience", "30", ...sockets.flatMap((socket) => ["--fido-socket", socket])],
    ],
    { COUNTERSIGN_LOG: "debug" },
  );
  const address = String(daemon.ready["socket"]);
  const client = new DeviceClient(address);
  await client.untilKeys((keys) => keys.length === emulators.length);
  const allHands = emulators.map(({ ready }) => new KeyHands(String(ready["control"])));
  const [hands] = allHands as [KeyHands];
  return {
    ...{ folder, emulators, daemon, hands, allHands, pinentry, client, address },
    stop: async () => {
      client.close();
      await Promise.all([daemon, ...emulators].map((child) => child.stop()));
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The person gives the keys their PIN. */
export async function setFidoPin(rig: FidoRig, deviceId = "", pin: string = FIDO_PIN): Promise<void> {
  rig.pinentry.types(pin, pin);
  await rig.client.setPin({ deviceId });
}

/** An Enrol request for a FIDO2 key. */
export function enrolRequest(change: Partial<EnrolRequest> = {}, exclude: readonly Uint8Array[] = []): EnrolRequest {
  return EnrolRequests.create({
    serverId: SERVER_ID,
    serverName: "Acme Bank",
    challenge: randomBytes(32),
    fido: {
      rpId: RP_ID,
      userHandle: Buffer.from("user-1"),
      userName: "alice",
      excludeCredentialIds: exclude.map((id) => Buffer.from(id)),
    },
    ...change,
  });
}

/** Runs an Enrol to its end. */
export async function enrolling(rig: FidoRig, request: EnrolRequest): Promise<Ended<FidoRegistration>> {
  return collect(rig.client.raw.enrol(request), (message: EnrolResponse) => message.event);
}

/** The person enrols the key; resolves with what it made. */
export async function enrolFidoKey(
  rig: FidoRig,
  deviceId = "",
  hands: KeyHands = rig.hands,
): Promise<FidoRegistration> {
  rig.pinentry.types(FIDO_PIN);
  const enrolled = enrolling(rig, enrolRequest({ deviceId }));
  await hands.until("fido");
  await hands.press("ok");
  const { last } = await enrolled;
  if (last === undefined) throw new Error("Enrol ended without a registration");
  return last;
}

/** A Sign request for these credentials, with ids of its own. */
export function fidoSignRequest(
  credentialIds: readonly Uint8Array[],
  change: Partial<SignRequest> = {},
): Partial<SignRequest> {
  const fidoCredentials = credentialIds.map((id) => ({
    keyId: toHex(fidoKeyIdOf(RP_ID, id)),
    credentialId: Buffer.from(id),
  }));
  return {
    keyIds: fidoCredentials.map(({ keyId }) => keyId),
    fidoCredentials,
    rpId: RP_ID,
    serverId: SERVER_ID,
    transactionId: randomBytes(16).toString("hex"),
    nonce: randomBytes(32),
    content: Buffer.from(CONTENT),
    mode: 3,
    expiresInS: 120,
    requester: "test",
    ...change,
  };
}

/** Runs a Sign to its end. */
export async function signing(client: DeviceClient, request: Partial<SignRequest>): Promise<Ended<Assertion>> {
  return collect(client.startSign(request), (message: SignResponse) => message.event);
}

import { ChannelError, type Secret } from "@countersign/bot-kit";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { CryptoStore } from "../crypto-store/crypto-store.ts";
import { DEVICE_NAME, ownKeysAtServer, type Account } from "./account.ts";
import { ApiRefusal, refusalIn, type HomeserverApi } from "./homeserver-api.ts";
import { makeRecoveryKey, readRecoveryKey } from "./recovery-key.ts";
import { SetupRefused } from "./setup-refused.ts";

const KEPT = "identity";

interface IdentityGiven {
  readonly client: MatrixClient;
  readonly crypto: CryptoApi;
  readonly api: HomeserverApi;
  readonly store: CryptoStore;
  readonly account: Account;
  readonly password: Secret;
  readonly recoveryKeyFile: string;
  readonly signal: AbortSignal;
}

/** True when this device is signed by the bot's identity and the recovery key can bring that identity back. */
export function hasIdentity(store: CryptoStore): boolean {
  return store.kept(KEPT) !== undefined;
}

/**
 * Gives the bot its cross-signing identity, once for a device: a new one at the very first start, else the one that the
 * recovery key opens. Needs a client that is syncing. Throws SetupRefused rather than replace an identity that exists:
 * users' clients would warn of an impostor, with good reason.
 */
export async function ensureIdentity(given: IdentityGiven): Promise<void> {
  const { client, crypto, account } = given;
  const exists = (await ownKeysAtServer(given.api, account, given.signal)).identity !== "";
  // Brings the public keys, without which the private ones cannot be taken in.
  await crypto.userHasCrossSigningKeys(account.userId, true);
  const key = await recoveryKey(given, exists);
  const auth = await crypto.getCrossSigningStatus();
  const cached = Object.values(auth.privateKeysCachedLocally).every(Boolean);
  if (exists && !cached && !auth.privateKeysInSecretStorage) {
    throw new SetupRefused(
      `the account ${account.userId} has an identity whose keys are not in its secret storage: reset the identity with another client, or use a fresh account`,
    );
  }
  if (!exists && (await client.secretStorage.getDefaultKeyId()) === null) {
    await crypto.bootstrapSecretStorage({
      createSecretStorageKey: () => Promise.resolve({ privateKey: key, keyInfo: { name: DEVICE_NAME } }),
      setupNewSecretStorage: true,
    });
  }
  await crypto.bootstrapCrossSigning({
    // Keys that are here but not at the server are left from a start that was interrupted.
    setupNewCrossSigning: !exists && cached,
    authUploadDeviceSigningKeys: async (upload) => {
      await withPassword(given, async (authentication) => upload(authentication));
    },
  });
  await signDevice(given);
  if (exists) await deleteOldDevices(given);
  await given.store.flush();
  given.store.keep(KEPT, new Uint8Array([1]));
}

// A signature that the server does not take is an answer like any other to the SDK, so the server is asked.
async function signDevice({ api, account, crypto, signal }: IdentityGiven): Promise<void> {
  const before = await ownKeysAtServer(api, account, signal);
  if (!before.signed) await crypto.crossSignDevice(account.deviceId);
  const after = before.signed ? before : await ownKeysAtServer(api, account, signal);
  if (!after.signed || after.identity !== (await crypto.getCrossSigningKeyId())) {
    throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
  }
}

async function recoveryKey(given: IdentityGiven, exists: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const { recoveryKeyFile: path, client, account } = given;
  const key = readRecoveryKey(path);
  if (key === undefined) {
    if (!exists) return makeRecoveryKey(path);
    throw new SetupRefused(
      `the account ${account.userId} has an identity, and --recovery-key-file ${path} is absent: put back the file that the bot wrote at its first start`,
    );
  }
  const held = await client.secretStorage.getKey();
  if (held !== null && !(await client.secretStorage.checkKey(key, held[1]))) {
    throw new SetupRefused(
      `--recovery-key-file ${path} does not open the secret storage of ${account.userId}: it is another account's, or the storage was set up anew`,
    );
  }
  return key;
}

// What a lost store leaves behind. Devices that a person made by hand keep their own names and stay.
async function deleteOldDevices(given: IdentityGiven): Promise<void> {
  const { api, account, signal } = given;
  const { devices } = await api.call("GET", "/_matrix/client/v3/devices", account.accessToken, signal);
  const old = (Array.isArray(devices) ? (devices as Record<string, unknown>[]) : [])
    .filter(({ device_id: id, display_name: name }) => id !== account.deviceId && name === DEVICE_NAME)
    .map(({ device_id: id }) => id);
  if (old.length === 0) return;
  await withPassword(given, async (auth) => {
    const body = { devices: old, ...(auth === null ? {} : { auth }) };
    await api.call("POST", "/_matrix/client/v3/delete_devices", account.accessToken, signal, body);
  });
}

type Authentication = Record<string, unknown> | null;

/** Does what the server wants the password for: it is shown only when asked, and only once. */
async function withPassword(given: IdentityGiven, attempt: (auth: Authentication) => Promise<unknown>): Promise<void> {
  try {
    await attempt(null);
  } catch (error) {
    if (refusalIn(error)?.status !== 401) throw error;
    const body = error instanceof ApiRefusal ? error.body : (error as { data?: Record<string, unknown> }).data;
    const session = body?.["session"];
    if (typeof session !== "string") throw error;
    await attempt({
      type: "m.login.password",
      identifier: { type: "m.id.user", user: given.account.userId },
      password: given.password.reveal(),
      session,
    });
  }
}

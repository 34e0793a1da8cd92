import { randomInt } from "node:crypto";
import type { Secret } from "@countersign/bot-kit";
import type { CryptoStore } from "../crypto-store/crypto-store.ts";
import type { HomeserverApi } from "./homeserver-api.ts";
import { masterKeyIn } from "./olm-machine.ts";
import { SetupRefused } from "./setup-refused.ts";

/** Name that a user's client shows for the bot's device; also how the bot knows its own old devices. */
export const DEVICE_NAME = "Countersign bot";

const KEPT = "account";

/** Who the bot is at its homeserver. */
export interface Account {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

/** The account this store belongs to. Throws SetupRefused when it is another user's. */
export function keptAccount(store: CryptoStore, userId: string): Account | undefined {
  const kept = store.kept(KEPT);
  if (kept === undefined) return undefined;
  const account = JSON.parse(Buffer.from(kept).toString()) as Account;
  if (account.userId !== userId) {
    throw new SetupRefused(
      `--store holds a device of another Matrix user than --matrix-user ${userId}: give each bot a folder of its own`,
    );
  }
  return account;
}

/**
 * Logs in by password. The device id is ours and durable before the first try, so that a crash in between leaves no
 * second device behind; `of` names the device to come back as, whose transaction ids the server remembers.
 */
export async function logIn(
  api: HomeserverApi,
  store: CryptoStore,
  given: { readonly userId: string; readonly password: Secret; readonly deviceId?: string },
  signal: AbortSignal,
): Promise<Account> {
  const { userId } = given;
  const deviceId = given.deviceId ?? keptAccount(store, userId)?.deviceId ?? newDeviceId();
  if (given.deviceId === undefined) keep(store, { userId, deviceId, accessToken: "" });
  const answer = await api.login({ userId, password: given.password, deviceId, deviceName: DEVICE_NAME }, signal);
  const account = { userId, deviceId, accessToken: answer.accessToken };
  keep(store, account);
  return account;
}

function keep(store: CryptoStore, account: Account): void {
  store.keep(KEPT, new Uint8Array(Buffer.from(JSON.stringify(account))));
}

/** Gives up a device whose keys the server has thrown away: nobody can encrypt to it or check it any more. */
export async function retireDevice(store: CryptoStore, userId: string): Promise<void> {
  await store.reset();
  keep(store, { userId, deviceId: newDeviceId(), accessToken: "" });
}

/** What the server hands out to others of this account. */
export interface OwnKeys {
  /** Its cross-signing master key; "" when there is none. */
  readonly identity: string;
  /** It has this device's keys. They go when the device is deleted or logged out. */
  readonly device: boolean;
  /** They carry a signature of that identity's self-signing key. */
  readonly signed: boolean;
}

/** Asks the server itself: the crypto store takes its own unfinished business for what the server knows. */
export async function ownKeysAtServer(api: HomeserverApi, account: Account, signal: AbortSignal): Promise<OwnKeys> {
  const { userId, deviceId, accessToken } = account;
  const asked = { device_keys: { [userId]: [deviceId] } };
  const answer = (await api.call("POST", "/_matrix/client/v3/keys/query", accessToken, signal, asked)) as KeysAnswer;
  const device = answer.device_keys?.[userId]?.[deviceId];
  const signing = masterKeyIn(answer.self_signing_keys?.[userId]);
  const signatures = device?.signatures?.[userId] ?? {};
  return {
    identity: masterKeyIn(answer.master_keys?.[userId]),
    device: device !== undefined,
    signed: signing !== "" && `ed25519:${signing}` in signatures,
  };
}

interface KeysAnswer {
  readonly device_keys?: Record<string, Record<string, { signatures?: Record<string, object> }>>;
  readonly master_keys?: Record<string, unknown>;
  readonly self_signing_keys?: Record<string, unknown>;
}

function newDeviceId(): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join("");
}

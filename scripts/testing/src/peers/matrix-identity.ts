import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";

/** The cross-signing keys of a person, made outside every client: libolm phones have none of their own. */
export interface MatrixIdentity {
  /** Base64 without padding, as homeservers tell it. */
  readonly masterKey: string;
}

interface Of {
  readonly url: string;
  readonly userId: string;
  readonly password: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

type Json = { readonly [key: string]: unknown };

interface Key {
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/**
 * Gives a person a new cross-signing identity and signs his device with it. Called again: he has another one, as after
 * "reset identity" in an app.
 */
export async function setUpIdentity(of: Of): Promise<MatrixIdentity> {
  const [master, selfSigning, userSigning] = [makeKey(), makeKey(), makeKey()];
  const keys = {
    master_key: describe(of.userId, "master", master),
    self_signing_key: signedBy(master, of.userId, describe(of.userId, "self_signing", selfSigning)),
    user_signing_key: signedBy(master, of.userId, describe(of.userId, "user_signing", userSigning)),
  };
  await uploadKeys(of, keys);
  const { device_keys: found } = (await call(of, "keys/query", { device_keys: { [of.userId]: [of.deviceId] } })) as {
    device_keys: Record<string, Record<string, Json>>;
  };
  const device = found[of.userId]?.[of.deviceId];
  if (device === undefined) throw new Error("the device has not uploaded its keys");
  const { signatures: _others, unsigned: _unsigned, ...bare } = device;
  await call(of, "keys/signatures/upload", {
    [of.userId]: { [of.deviceId]: signedBy(selfSigning, of.userId, bare) },
  });
  return { masterKey: master.publicKey };
}

async function uploadKeys(of: Of, keys: Json): Promise<void> {
  const path = "keys/device_signing/upload";
  const first = await call(of, path, keys, [200, 401]);
  if (typeof first["session"] !== "string") return;
  const identifier = { type: "m.id.user", user: of.userId };
  const auth = { type: "m.login.password", session: first["session"], identifier, password: of.password };
  await call(of, path, { ...keys, auth });
}

async function call(of: Of, path: string, body: Json, expected: readonly number[] = [200]): Promise<Json> {
  const answer = await fetch(`${of.url}/_matrix/client/v3/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${of.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!expected.includes(answer.status)) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Json;
}

function makeKey(): Key {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return { publicKey: unpadded(raw), privateKey };
}

function describe(userId: string, usage: string, { publicKey }: Key): Json {
  return { user_id: userId, usage: [usage], keys: { [`ed25519:${publicKey}`]: publicKey } };
}

function signedBy({ publicKey, privateKey }: Key, userId: string, object: Json): Json {
  const signature = unpadded(sign(null, Buffer.from(canonical(object)), privateKey));
  return { ...object, signatures: { [userId]: { [`ed25519:${publicKey}`]: signature } } };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`;
}

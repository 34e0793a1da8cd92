import { fingerprintOf } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfKey, type HexId } from "../store/entity.ts";
import { changeUser, loadUser } from "./change-user.ts";
import { keyOwnerKey } from "./entity-key.ts";
import { keyIndex } from "./key-index.ts";
import type { Key } from "./key.ts";
import { hadKey, loadKeyEntities } from "./load-keys.ts";

interface KeyName {
  readonly tenantId: HexId;
  readonly keyId: string;
}

const unknownKey = refuse("NOT_FOUND", "key_id: there is no such key");

/** Activates a first key whose fingerprint the user read from its display. Repeating it is harmless. */
export async function confirmFingerprint(
  given: CoreGiven,
  { tenantId, keyId, fingerprint }: KeyName & { readonly fingerprint: string },
  actor: string,
): Promise<Key | Refusal> {
  const owner = await ownerOfKey(given, { tenantId, keyId });
  if (isRefusal(owner)) return owner;
  let confirmed: Key | Refusal = unknownKey;
  const changed = await changeUser(given, owner, actor, async (user) => {
    const keys = await loadKeyEntities(given, user, user.keyIds);
    const held = keys.find(({ body }) => body.keyId === keyId);
    if (held === undefined) return unknownKey;
    const key = held.body;
    if (plain(fingerprint) !== plain(fingerprintOf(key.publicKey))) {
      return badInput("fingerprint", "it is not this key's. Compare it with the key's display again.");
    }
    confirmed = key;
    if (key.state === "ACTIVE") return user;
    if (key.state === "REVOKED") return refuse("STATE_CONFLICT", "The key is revoked.");
    if (hadKey(keys.map(({ body }) => body)))
      return refuse("STATE_CONFLICT", "A further key is activated by its ENROL transaction, signed by an older key.");
    confirmed = { ...key, state: "ACTIVE" };
    return {
      user: { ...user },
      writes: [{ key: held.key, expected: held.version, body: confirmed, index: keyIndex(confirmed) }],
      tell: { type: "KEY_ENROLLED", detail: fingerprintOf(key.publicKey) },
      event: "key.confirmed",
      subject: `key:${keyId}`,
    };
  });
  return isRefusal(changed) ? changed : confirmed;
}

/** At once and for good; what the key signs from now on is refused, in open transactions too. All chats are told. */
export async function revokeKey(given: CoreGiven, name: KeyName, actor: string): Promise<Key | Refusal> {
  const owner = await ownerOfKey(given, name);
  if (isRefusal(owner)) return owner;
  let revoked: Key | Refusal = unknownKey;
  const changed = await changeUser(given, owner, actor, async (user) => {
    const [held] = await loadKeyEntities(given, user, [name.keyId]);
    if (held === undefined) return unknownKey;
    const key = held.body;
    revoked = key;
    if (key.state === "REVOKED") return user;
    revoked = { ...key, state: "REVOKED", ...(key.state === "PROVISIONAL" ? { neverActive: true } : {}) };
    return {
      user: { ...user },
      writes: [{ key: held.key, expected: held.version, body: revoked, index: keyIndex(revoked) }],
      tell: { type: "KEY_REVOKED", detail: fingerprintOf(key.publicKey) },
      event: "key.revoked",
      subject: `key:${name.keyId}`,
      detail: { user: owner.userId },
    };
  });
  return isRefusal(changed) ? changed : revoked;
}

/** Another tenant's key reads as unknown. */
async function ownerOfKey(given: CoreGiven, { tenantId, keyId }: KeyName) {
  if (!/^[0-9a-f]{32}$/.test(keyId)) return unknownKey;
  const key = keyOwnerKey(keyId);
  const owner = (await given.store.load(shardOfKey(key), key)).entities[0].body;
  if (owner === undefined || owner.tenantId !== tenantId) return unknownKey;
  const user = await loadUser(given, owner);
  return isRefusal(user) ? unknownKey : owner;
}

function plain(fingerprint: string): string {
  return fingerprint.replaceAll(/\s/g, "").toUpperCase();
}

import { fingerprintOf } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfKey, type HexId } from "../store/entity.ts";
import { withdrawUnsignable } from "../transaction/withdraw-unsignable.ts";
import { changeUser, loadUser } from "./change-user.ts";
import { keyOwnerKey } from "./entity-key.ts";
import { activateFirst, revokedKey } from "./first-key.ts";
import { whyNotAccept } from "./held-recovery.ts";
import { keyIndex } from "./key-index.ts";
import { checkKeyName } from "./key-name.ts";
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
  const changed = await changeUser(given, owner, actor, async (user, now) => {
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
    const notTheirs = key.recoveryId === undefined ? undefined : whyNotAccept(user, key.recoveryId, actor);
    if (notTheirs !== undefined) return notTheirs;
    if (key.recoveryId === undefined && hadKey(keys.map(({ body }) => body)))
      return refuse("STATE_CONFLICT", "A further key is activated by its ENROL transaction, signed by an older key.");
    const activated = activateFirst({ user, key, version: held.version, keys }, now);
    if (isRefusal(activated)) return activated;
    confirmed = activated.key;
    return { ...activated.change, event: "key.confirmed", subject: `key:${keyId}` };
  });
  if (isRefusal(changed)) return changed;
  await withdrawUnsignable(given, changed, actor);
  return confirmed;
}

/**
 * At once and for good; what the key signs from now on is refused, in open transactions too, and those that no other key
 * can sign end. Who watches one is told by the revocation itself. All chats are told.
 */
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
    revoked = revokedKey(key);
    return {
      user: { ...user },
      writes: [{ key: held.key, expected: held.version, body: revoked, index: keyIndex(revoked) }],
      tell: { type: "KEY_REVOKED", detail: fingerprintOf(key.publicKey) },
      event: "key.revoked",
      subject: `key:${name.keyId}`,
      detail: { user: owner.userId },
    };
  });
  if (isRefusal(changed)) return changed;
  // Also when the key was revoked before: a crash may have come between.
  await withdrawUnsignable(given, changed, actor);
  return revoked;
}

/** Gives a key the name by which people call it; "" takes it away. Another tenant's key reads as unknown. */
export async function renameKey(
  given: CoreGiven,
  { tenantId, keyId, name }: KeyName & { readonly name: string },
  actor: string,
): Promise<Key | Refusal> {
  const bad = checkKeyName(name);
  if (bad !== undefined) return bad;
  const owner = await ownerOfKey(given, { tenantId, keyId });
  if (isRefusal(owner)) return owner;
  let renamed: Key | Refusal = unknownKey;
  const changed = await changeUser(given, owner, actor, async (user) => {
    const [held] = await loadKeyEntities(given, user, [keyId]);
    if (held === undefined) return unknownKey;
    const { name: before = "", ...nameless } = held.body;
    renamed = held.body;
    if (before === name) return user;
    renamed = name === "" ? nameless : { ...nameless, name };
    return {
      user: { ...user },
      writes: [{ key: held.key, expected: held.version, body: renamed, index: keyIndex(renamed) }],
      event: "key.renamed",
      subject: `key:${keyId}`,
      detail: { user: owner.userId, name },
    };
  });
  return isRefusal(changed) ? changed : renamed;
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

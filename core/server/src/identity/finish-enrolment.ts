// From a signed enrolment to a key, over three shards: the token is spent first, then the key id is taken, then the key is
// stored with its user. Each is create-if-absent under ids that the signed bytes fix, so that a retry finishes the same flow.
import {
  fingerprintOf,
  fromHex,
  Kind,
  Label,
  sha256,
  toHex,
  type Enrolment as EnrolmentMap,
  type Field,
} from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import type { Caller } from "../rpc/caller.ts";
import { actorOf } from "../rpc/caller.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { openDerivedToken, tokenId } from "../rpc/token.ts";
import { shardOfKey, type HexId, type UnixMs } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { createTransaction, type Created } from "../transaction/create.ts";
import { withdrawUnsignable } from "../transaction/withdraw-unsignable.ts";
import { MOST_KEYS } from "./begin-enrolment.ts";
import { changeUser, loadUser, type UserChange } from "./change-user.ts";
import { directoryOf } from "./directory.ts";
import { DIGIT_TRIES, digitsFit } from "./enrolment-digits.ts";
import type { Enrolment } from "./enrolment.ts";
import { enrolmentKey, keyOwnerKey, tenantKey } from "./entity-key.ts";
import { activateFirst, waiting } from "./first-key.ts";
import { hadKey, loadKeyEntities, loadKeys } from "./load-keys.ts";
import type { Key } from "./key.ts";
import { readEnrolment } from "./read-enrolment.ts";
import type { Tenant } from "./tenant.ts";
import type { User } from "./user.ts";

export interface Enrolled {
  readonly key: Key;
  /** Of a further key: what an older one has to sign. */
  readonly created: Created | undefined;
}

/** One answer for a token that never was, is used or too late. */
const badToken = refuse(
  "UNAUTHENTICATED",
  "enrolment_token: it is not valid, was used, or is too late. Begin a new enrolment.",
);

export async function finishEnrolment(
  given: CoreGiven,
  caller: Caller,
  request: { readonly token: string; readonly signed: Uint8Array },
): Promise<Enrolled | Refusal> {
  const spent = await spendToken(given, caller, request);
  if (isRefusal(spent)) return spent;
  const { enrolment, map } = spent;
  const taken = await takeKeyId(given, enrolment, toHex(map.keyId));
  if (isRefusal(taken)) return taken;
  const key = await storeKey(given, actorOf(caller), { ...spent, signed: request.signed });
  if (isRefusal(key)) return key;
  if (key.state !== "PROVISIONAL" || (await isFirst(given, key))) {
    await withdrawReplaced(given, key, actorOf(caller));
    return { key, created: undefined };
  }
  const created = await createEnrol(given, key, request.signed);
  return isRefusal(created) ? created : { key, created };
}

interface Spent {
  readonly enrolment: Enrolment;
  readonly map: EnrolmentMap;
  readonly tenant: Tenant;
}

/** Judges the enrolment and binds the token to its key, durably before anything else. */
function spendToken(
  given: CoreGiven,
  caller: Caller,
  { token, signed }: { readonly token: string; readonly signed: Uint8Array },
): Promise<Spent | Refusal> {
  if (openDerivedToken(given.secrets, "enrolment", token) === undefined) return Promise.resolve(badToken);
  const key = enrolmentKey(tokenId(token));
  const shard = shardOfKey(key);
  return untilSettled(async () => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const [{ version: expected, body: enrolment }] = entities;
    if (enrolment === undefined || !mayUse(caller, enrolment, now)) return badToken;
    const tenant = await directoryOf(given.store).get(tenantKey(enrolment.tenantId));
    if (tenant === undefined) throw new Error(`tenant ${enrolment.tenantId} does not exist`);
    const { challenge, serial } = enrolment;
    const { policy } = tenant;
    const serverId = fromHex(given.serverId);
    const map = readEnrolment(signed, { serverId, challenge, serial, policy, development: given.development });
    if (isRefusal(map)) return map;
    const keyId = toHex(map.keyId);
    if (enrolment.usedBy === keyId) return { enrolment, map, tenant };
    if (enrolment.usedBy !== undefined) return badToken;
    const fits = !enrolment.digits || digitsFit(given.secrets, challenge, map);
    const body = fits ? { ...enrolment, usedBy: keyId } : { ...enrolment, wrongDigits: enrolment.wrongDigits + 1 };
    const event = fits ? "enrolment.used" : "enrolment.wrong-digits";
    const { tenantId, userId } = enrolment;
    const audit = [
      { event, tenant: tenantId, actor: actorOf(caller), subject: `user:${userId}`, detail: { key: keyId } },
    ] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes: [{ key, expected, body }], audit });
    if (outcome !== "committed") return undefined;
    return fits
      ? { enrolment: body, map, tenant }
      : refuse(
          "STATEMENT_MISMATCH",
          "signed_enrolment: the digits typed on the key are not those that were handed out",
        );
  });
}

function mayUse(caller: Caller, { tenantId, wrongDigits, until, usedBy }: Enrolment, now: UnixMs): boolean {
  if (caller.kind === "app" && caller.tenantId !== tenantId) return false;
  // What a key has used already may come again at any time; it changes nothing.
  return usedBy !== undefined || (until >= now && wrongDigits < DIGIT_TRIES);
}

/** Key ids are unique in the installation. */
function takeKeyId(given: CoreGiven, { tenantId, userId }: Enrolment, keyId: HexId): Promise<true | Refusal> {
  const key = keyOwnerKey(keyId);
  const shard = shardOfKey(key);
  return untilSettled(async () => {
    const { entities, epoch } = await given.store.load(shard, key);
    const owner = entities[0].body;
    if (owner !== undefined) {
      if (owner.tenantId === tenantId && owner.userId === userId) return true;
      return refuse("ALREADY_EXISTS", "signed_enrolment: this key id is another user's. Enrol a new credential.");
    }
    const audit = [
      { event: "key-id.taken", tenant: tenantId, actor: "core", subject: `key:${keyId}`, detail: {} },
    ] as const;
    const body = { tenantId, userId };
    const outcome = await commitOnce(given, shard, { epoch, writes: [{ key, expected: "", body }], audit });
    return outcome === "committed" ? true : undefined;
  });
}

async function storeKey(
  given: CoreGiven,
  actor: string,
  spent: Spent & { readonly signed: Uint8Array },
): Promise<Key | Refusal> {
  const { enrolment, map } = spent;
  const { userId } = enrolment;
  const keyId = toHex(map.keyId);
  let key: Key | undefined;
  const changed = await changeUser(given, enrolment, actor, async (user, now) => {
    const loaded = await loadKeyEntities(given, user, [...user.keyIds, keyId]);
    const known = loaded.map(({ body }) => body);
    key = known.find((one) => one.keyId === keyId);
    if (key !== undefined) return user;
    if (user.keyIds.length >= MOST_KEYS)
      return refuse("STATE_CONFLICT", `The user has had ${MOST_KEYS} keys, the most there can be.`);
    const fresh = keyOf(spent, now);
    const isFirstKey = fresh.recoveryId !== undefined || !hadKey(known);
    const holder: User = { ...user, keyIds: [...user.keyIds, keyId] };
    const added = { user: holder, key: fresh, version: "", keys: loaded };
    const enrolled = isFirstKey && isBound(enrolment) ? activateFirst(added, now) : waiting(added, isFirstKey, now);
    if (isRefusal(enrolled)) return enrolled;
    ({ key } = enrolled);
    const { state, model, serial } = key;
    const told = { event: "key.enrolled", subject: `key:${keyId}`, detail: { user: userId, state, model, serial } };
    return { ...enrolled.change, ...told } satisfies UserChange;
  });
  if (isRefusal(changed)) return changed;
  if (key === undefined) throw new Error(`key ${keyId} was neither found nor stored`);
  return key;
}

/** A further key needs an older one's signature, so its hold also covers the time that this may take. */
const CONFIRMING_MS = 600_000;

function keyOf({ enrolment, map, tenant, signed }: Spent & { readonly signed: Uint8Array }, now: UnixMs): Key {
  return {
    state: "PROVISIONAL",
    ...(enrolment.recoveryId === undefined ? {} : { recoveryId: enrolment.recoveryId }),
    keyId: toHex(map.keyId),
    tenantId: enrolment.tenantId,
    userId: enrolment.userId,
    publicKey: map.publicKey,
    model: map.model,
    serial: map.serial,
    registryVersion: map.registryVersion,
    glyphs: map.glyphProfile,
    hasDisplay: map.hasDisplay,
    hasKeypad: map.hasKeypad,
    enrolment: signed,
    enrolledAt: now,
    heldUntil: now + CONFIRMING_MS + tenant.policy.holdHours * 3_600_000,
    counter: { highest: 0, seen: 0n },
  };
}

/** What only the replaced keys could have signed ends with them. */
async function withdrawReplaced(given: CoreGiven, key: Key, actor: string): Promise<void> {
  if (key.recoveryId === undefined || key.state !== "ACTIVE") return;
  const user = await loadUser(given, key);
  if (!isRefusal(user)) await withdrawUnsignable(given, user, actor);
}

/** Known to be the user's own without his reading its fingerprint to anybody. */
function isBound({ serial, digits }: Enrolment): boolean {
  return serial !== undefined || digits;
}

async function isFirst(given: CoreGiven, key: Key): Promise<boolean> {
  if (key.recoveryId !== undefined) return true;
  const user = await loadUser(given, key);
  if (isRefusal(user)) return false;
  return !hadKey(await loadKeys(given, user, user.keyIds));
}

/** Asks the user's older key. Its lines name the device and the fingerprint that the new key shows. */
function createEnrol(given: CoreGiven, key: Key, signed: Uint8Array): Promise<Created | Refusal> {
  const { tenantId, userId, keyId } = key;
  return createTransaction(given, {
    tenantId,
    userId,
    kind: Kind.ENROL,
    fields: [
      text(Label.PURPOSE, "A further key that signs for you"),
      text(Label.DETAIL_1, `${key.model} ${key.serial}`),
      text(Label.DETAIL_2, fingerprintOf(key.publicKey)),
    ],
    createdBy: "core",
    requestId: `enrol ${keyId}`,
    bodyHash: sha256(signed),
    action: { type: "enrol", keyId },
  });
}

function text(label: Field["label"], value: string): Field {
  return { label, value: { type: "text", text: value } };
}

// From a signed enrolment to a key, over three shards: the token is spent first, then the key id is taken, then the key is
// stored with its user. Each is create-if-absent under ids that the signed bytes fix, so that a retry finishes the same flow.
import { fingerprintOf, fromHex, Kind, Label, sha256, type Field } from "@countersign/protocol";
import { readRegistration, type Registration } from "../fido/read-registration.ts";
import type { CoreGiven } from "../given.ts";
import { aaguidText } from "../policy/key-model.ts";
import type { Caller } from "../rpc/caller.ts";
import { actorOf } from "../rpc/caller.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { openDerivedToken, tokenId } from "../rpc/token.ts";
import { shardOfKey, type HexId, type UnixMs } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { createTransaction, type Created } from "../transaction/create.ts";
import { withdrawUnsignable } from "../transaction/withdraw-unsignable.ts";
import { whyNotEnrol } from "./begin-enrolment.ts";
import { changeUser, loadUser, type UserChange } from "./change-user.ts";
import { directoryOf } from "./directory.ts";
import { DIGIT_TRIES, digitsFit } from "./enrolment-digits.ts";
import { withoutEmulators } from "./emulator.ts";
import type { Enrolment } from "./enrolment.ts";
import { enrolmentKey, keyOwnerKey, tenantKey } from "./entity-key.ts";
import { activateFirst, waiting } from "./first-key.ts";
import { hadKey, loadKeyEntities, loadKeys } from "./load-keys.ts";
import { checkKeyName } from "./key-name.ts";
import { makeRoom } from "./key-room.ts";
import type { Key } from "./key.ts";
import { newKeyOf, type NewKey } from "./new-key.ts";
import { readEnrolment } from "./read-enrolment.ts";
import type { Tenant } from "./tenant.ts";
import type { User } from "./user.ts";

export interface Enrolled {
  readonly key: Key;
  /** Of a further key: what an older one has to sign. */
  readonly created: Created | undefined;
}

/** What a key brought along, by its kind, with the name that people will call it by; "": none. */
export interface FinishRequest {
  readonly token: string;
  readonly name: string;
  readonly proof:
    | { readonly kind: "countersign"; readonly signed: Uint8Array }
    | { readonly kind: "fido2"; readonly registration: Registration };
}

/** One answer for a token that never was, is used or too late. */
const badToken = refuse(
  "UNAUTHENTICATED",
  "enrolment_token: it is not valid, was used, or is too late. Begin a new enrolment.",
);

export async function finishEnrolment(
  given: CoreGiven,
  caller: Caller,
  request: FinishRequest,
): Promise<Enrolled | Refusal> {
  const badName = checkKeyName(request.name);
  if (badName !== undefined) return badName;
  const spent = await spendToken(given, caller, request);
  if (isRefusal(spent)) return spent;
  const { enrolment, made } = spent;
  const taken = await takeKeyId(given, enrolment, made.keyId);
  if (isRefusal(taken)) return taken;
  const key = await storeKey(given, actorOf(caller), { ...spent, name: request.name });
  if (isRefusal(key)) return key;
  if (key.state !== "PROVISIONAL" || (await isFirst(given, key))) {
    await withdrawReplaced(given, key, actorOf(caller));
    return { key, created: undefined };
  }
  const created = await createEnrol(given, key);
  return isRefusal(created) ? created : { key, created };
}

interface Spent {
  readonly enrolment: Enrolment;
  readonly made: NewKey;
  readonly tenant: Tenant;
}

/** Judges the enrolment and binds the token to its key, durably before anything else. */
function spendToken(given: CoreGiven, caller: Caller, { token, proof }: FinishRequest): Promise<Spent | Refusal> {
  if (openDerivedToken(given.secrets, "enrolment", token) === undefined) return Promise.resolve(badToken);
  const key = enrolmentKey(tokenId(token));
  const shard = shardOfKey(key);
  return untilSettled(async () => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const [{ version: expected, body: enrolment }] = entities;
    if (enrolment === undefined || !mayUse(caller, enrolment, now)) return badToken;
    const tenant = await directoryOf(given.store).get(tenantKey(enrolment.tenantId));
    if (tenant === undefined) throw new Error(`tenant ${enrolment.tenantId} does not exist`);
    const made = await readKey(given, { enrolment, tenant, now }, proof);
    if (isRefusal(made)) return made;
    const { keyId } = made;
    if (enrolment.usedBy === keyId) return { enrolment, made, tenant };
    if (enrolment.usedBy !== undefined) return badToken;
    const fits = !enrolment.digits || digitsFit(given.secrets, enrolment.challenge, made);
    const body = fits ? { ...enrolment, usedBy: keyId } : { ...enrolment, wrongDigits: enrolment.wrongDigits + 1 };
    const event = fits ? "enrolment.used" : "enrolment.wrong-digits";
    const { tenantId, userId } = enrolment;
    const audit = [
      { event, tenant: tenantId, actor: actorOf(caller), subject: `user:${userId}`, detail: { key: keyId } },
    ] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes: [{ key, expected, body }], audit });
    if (outcome !== "committed") return undefined;
    return fits
      ? { enrolment: body, made, tenant }
      : refuse(
          "STATEMENT_MISMATCH",
          "signed_enrolment: the digits typed on the key are not those that were handed out",
        );
  });
}

interface Given {
  readonly enrolment: Enrolment;
  readonly tenant: Tenant;
  readonly now: UnixMs;
}

/** A token is for one kind of key: a FIDO2 key that spent one bound to a serial or to digits would be taken for that device. */
async function readKey(
  { serverId, development }: CoreGiven,
  { enrolment, tenant, now }: Given,
  proof: FinishRequest["proof"],
): Promise<NewKey | Refusal> {
  const { challenge, serial, fido } = enrolment;
  if (proof.kind === "fido2") {
    if (fido === undefined) return refuse("STATEMENT_MISMATCH", "fido: the enrolment token is for a Countersign key");
    const { policy } = withoutEmulators(tenant, development);
    return readRegistration(proof.registration, { challenge, rpId: fido.rpId, policy, now });
  }
  if (fido !== undefined)
    return refuse("STATEMENT_MISMATCH", "signed_enrolment: the enrolment token is for a FIDO2 key");
  const { policy } = tenant;
  const map = readEnrolment(proof.signed, { serverId: fromHex(serverId), challenge, serial, policy, development });
  return isRefusal(map) ? map : newKeyOf(map, proof.signed, policy);
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
  spent: Spent & { readonly name: string },
): Promise<Key | Refusal> {
  const { enrolment, made } = spent;
  const { userId } = enrolment;
  const { keyId } = made;
  let key: Key | undefined;
  const changed = await changeUser(given, enrolment, actor, async (user, now) => {
    const loaded = await loadKeyEntities(given, user, [...user.keyIds, keyId]);
    const known = loaded.map(({ body }) => body);
    key = known.find((one) => one.keyId === keyId);
    if (key !== undefined) return user;
    const refusal = whyNotEnrol(user, enrolment.recoveryId, now);
    if (refusal !== undefined) return refusal;
    const room = makeRoom(user, loaded);
    if (isRefusal(room)) return room;
    const fresh = keyOf(spent, now);
    const isFirstKey = fresh.recoveryId !== undefined || !hadKey(known);
    const holder: User = { ...user, keyIds: [...room.keyIds, keyId] };
    const added = { user: holder, key: fresh, version: "", keys: room.keys };
    const enrolled = isFirstKey && isBound(enrolment) ? activateFirst(added, now) : waiting(added, isFirstKey, now);
    if (isRefusal(enrolled)) return enrolled;
    ({ key } = enrolled);
    const { state, model, serial } = key;
    const told = { event: "key.enrolled", subject: `key:${keyId}`, detail: { user: userId, state, model, serial } };
    const { change } = enrolled;
    const more = { writes: [...(change.writes ?? []), ...room.writes], also: [...(change.also ?? []), ...room.also] };
    return { ...change, ...told, ...more } satisfies UserChange;
  });
  if (isRefusal(changed)) return changed;
  if (key === undefined) throw new Error(`key ${keyId} was neither found nor stored`);
  return key;
}

/** A further key needs an older one's signature, so its hold also covers the time that this may take. */
const CONFIRMING_MS = 600_000;

function keyOf({ enrolment, made, tenant, name }: Spent & { readonly name: string }, now: UnixMs): Key {
  const { digitsProof: _checked, ...key } = made;
  return {
    ...key,
    state: "PROVISIONAL",
    ...(enrolment.recoveryId === undefined ? {} : { recoveryId: enrolment.recoveryId }),
    ...(name === "" ? {} : { name }),
    tenantId: enrolment.tenantId,
    userId: enrolment.userId,
    enrolledAt: now,
    heldUntil: now + CONFIRMING_MS + tenant.policy.holdHours * 3_600_000,
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

/** Asks the user's older key. Its lines name the device and the fingerprint that the new key, or for FIDO2 the PC, shows. */
function createEnrol(given: CoreGiven, key: Key): Promise<Created | Refusal> {
  const { tenantId, userId, keyId } = key;
  return createTransaction(given, {
    tenantId,
    userId,
    kind: Kind.ENROL,
    fields: [
      text(Label.PURPOSE, "A further key that signs for you"),
      text(Label.DETAIL_1, deviceOf(key)),
      text(Label.DETAIL_2, fingerprintOf(key.publicKey)),
    ],
    createdBy: "core",
    requestId: `enrol ${keyId}`,
    bodyHash: sha256(key.enrolment),
    action: { type: "enrol", keyId },
  });
}

/** Model and serial; of a FIDO2 key its kind, and the model that it names. */
function deviceOf(key: Key): string {
  if (key.fido === undefined) return `${key.model} ${key.serial}`;
  const aaguid = aaguidText(key.fido.aaguid);
  return key.attested === true ? `${key.model}, FIDO2, ${aaguid}` : `${key.model}, not attested`;
}

function text(label: Field["label"], value: string): Field {
  return { label, value: { type: "text", text: value } };
}

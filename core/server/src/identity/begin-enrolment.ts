import { fromHex, toHex } from "@countersign/protocol";
import type { FidoRegistrationRequest } from "@countersign/proto/node/core/v1/key_service";
import { fidoRegistrationRequest } from "../fido/registration-request.ts";
import type { CoreGiven } from "../given.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { derivedToken, tokenId } from "../rpc/token.ts";
import { shardOfKey, type HexId, type UnixMs } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { actorOfUse, reserve, type RequestUse } from "../transaction/reserve.ts";
import { loadUser } from "./change-user.ts";
import { digitsFor, type EnrolmentDigits } from "./enrolment-digits.ts";
import type { Enrolment } from "./enrolment.ts";
import { enrolmentKey } from "./entity-key.ts";
import { whyNotInvite } from "./held-recovery.ts";
import { makeRoom } from "./key-room.ts";
import { loadKeyEntities } from "./load-keys.ts";
import { whyNotReady } from "./user-recovery.ts";
import type { User } from "./user.ts";

const LIFETIME_MS = 600_000;

export interface BegunEnrolment {
  /** Bearer of one enrolment; to be handed to the user's client. */
  readonly token: string;
  readonly challenge: Uint8Array;
  readonly digits: EnrolmentDigits | undefined;
  readonly until: UnixMs;
  /** What a FIDO2 key is asked for; set if asked for. */
  readonly fido: FidoRegistrationRequest | undefined;
}

export interface AskedEnrolment {
  readonly userId: string;
  readonly serial: string | undefined;
  readonly digits: boolean;
  /** For a FIDO2 key or passkey. */
  readonly fido?: boolean;
  /** Of a recovery that is READY. */
  readonly recoveryId?: HexId;
}

/** Issues an enrolment token, the same again for a repeated request. */
export async function beginEnrolment(
  given: CoreGiven,
  use: RequestUse,
  asked: AskedEnrolment,
): Promise<BegunEnrolment | Refusal> {
  const { tenantId } = use;
  const { userId, serial } = asked;
  const user = await loadUser(given, { tenantId, userId });
  if (isRefusal(user)) return user;
  const { recoveryId } = asked;
  const notTheirs = recoveryId === undefined ? undefined : whyNotInvite(user, recoveryId, use.by);
  const refusal = notTheirs ?? whyNotEnrol(user, recoveryId, given.store.now());
  if (refusal !== undefined) return refusal;
  const room = makeRoom(user, await loadKeyEntities(given, user, user.keyIds));
  if (isRefusal(room)) return room;
  const fido = asked.fido === true ? await fidoRegistrationRequest(given, user) : undefined;
  if (fido !== undefined && isRefusal(fido)) return fido;
  const drawn = { enrolment: toHex(given.random.bytes(16)), challenge: toHex(given.random.bytes(32)) };
  const reserved = await reserve(given, use, drawn);
  if (isRefusal(reserved)) return reserved;
  const { enrolment = "", challenge: hex = "" } = reserved.drawn;
  const token = derivedToken(given.secrets, "enrolment", enrolment);
  const challenge = fromHex(hex);
  const digits = asked.digits ? digitsFor(given.secrets, challenge) : undefined;
  const until = reserved.at + LIFETIME_MS;
  const body = {
    ...{ tenantId, userId, challenge, serial, digits: asked.digits },
    ...(fido === undefined ? {} : { fido: { rpId: fido.rpId } }),
    ...(asked.recoveryId === undefined ? {} : { recoveryId: asked.recoveryId }),
    ...{ wrongDigits: 0, until, usedBy: undefined },
  };
  const stored = await store(given, token, body, actorOfUse(use));
  return isRefusal(stored) ? stored : { token, challenge, digits, until, fido };
}

/**
 * Why no key can be enrolled for this user now: asked when a token is issued, and again when it is used. By a recovery also a
 * frozen or blocked user may: to thaw takes the very key that he lost. He stays what he is.
 */
export function whyNotEnrol(user: User, recoveryId: HexId | undefined, now: UnixMs): Refusal | undefined {
  if (user.state === "SUSPENDED" || (user.state !== "ACTIVE" && recoveryId === undefined))
    return refuse("USER_BLOCKED", `The user is ${user.state}: no key can be enrolled for him.`);
  return recoveryId === undefined ? undefined : whyNotReady(user, recoveryId, now);
}

/** Unless an earlier try stored it. */
function store(given: CoreGiven, token: string, body: Enrolment, by: string): Promise<true | Refusal> {
  const key = enrolmentKey(tokenId(token));
  const shard = shardOfKey(key);
  return untilSettled(async () => {
    const { entities, epoch } = await given.store.load(shard, key);
    if (entities[0].body !== undefined) return true;
    const { tenantId: tenant, userId } = body;
    const detail = {
      bound: body.serial !== undefined ? "serial" : body.digits ? "digits" : "fingerprint",
    };
    const audit = [{ event: "enrolment.begun", tenant, actor: by, subject: `user:${userId}`, detail }] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes: [{ key, expected: "", body }], audit });
    return outcome === "committed" ? true : undefined;
  });
}

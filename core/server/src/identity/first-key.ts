// Pure: a first key becomes active. One that a recovery brought takes the place of all older ones, in the same commit.
import { fingerprintOf } from "@countersign/protocol";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import type { UserChange } from "./change-user.ts";
import { keyKey } from "./entity-key.ts";
import { keyIndex } from "./key-index.ts";
import type { Key } from "./key.ts";
import { stepRecovery } from "./recovery.ts";
import type { User } from "./user.ts";
import { recoveryOf, unknownRecovery, whyNotReady, withRecovery } from "./user-recovery.ts";

/** A key and what it comes among. */
export interface FirstKey {
  readonly user: User;
  readonly key: Key;
  /** Under which it was loaded; "": it is new. */
  readonly version: string;
  /** All of the user's, the new one may be among them. */
  readonly keys: readonly (LoadedEntity<"key"> & { readonly body: Key })[];
}

interface Activated {
  readonly key: Key;
  readonly change: Omit<UserChange, "event" | "subject" | "detail">;
}

/** The key ACTIVE, its recovery USED, what it replaces REVOKED; or why the recovery does not allow it. */
export function activateFirst(first: FirstKey, now: UnixMs): Activated | Refusal {
  const { user, version } = first;
  const key: Key = { ...first.key, state: "ACTIVE" };
  const own: AnyWrite = { key: keyKey(key.tenantId, key.keyId), expected: version, body: key, index: keyIndex(key) };
  const detail = fingerprintOf(key.publicKey);
  if (key.recoveryId === undefined) {
    return { key, change: { user: { ...user }, writes: [own], tell: { type: "KEY_ENROLLED", detail } } };
  }
  const recovery = recoveryOf(user, key.recoveryId);
  const used =
    recovery === undefined ? unknownRecovery : stepRecovery(recovery, { type: "used", keyId: key.keyId }, now);
  if (isRefusal(used)) return used;
  const old = first.keys.filter(({ body }) => body.keyId !== key.keyId && body.state !== "REVOKED");
  const writes = old.map(({ key: name, version: expected, body: before }): AnyWrite => {
    const body = revokedKey(before);
    return { key: name, expected, body, index: keyIndex(body) };
  });
  const also = [
    { event: "recovery.used", subject: `user:${key.userId}`, detail: { recovery: key.recoveryId, key: key.keyId } },
    ...old.map(({ body }) => ({
      ...{ event: "key.revoked", subject: `key:${body.keyId}` },
      detail: { user: key.userId, recovery: used.recoveryId },
    })),
  ];
  const change = { user: withRecovery(user, used), writes: [own, ...writes], also };
  return { key, change: { ...change, tell: { type: "RECOVERY_USED", detail } } };
}

/**
 * The key PROVISIONAL: a first one until its fingerprint is confirmed, a further one until an older key signs for it. Of a
 * further one every channel learns at once, not only the one that gets the code.
 */
export function waiting({ user, key, version }: FirstKey, isFirst: boolean, now: UnixMs): Activated | Refusal {
  const refusal = key.recoveryId === undefined ? undefined : whyNotReady(user, key.recoveryId, now);
  if (refusal !== undefined) return refusal;
  const own: AnyWrite = { key: keyKey(key.tenantId, key.keyId), expected: version, body: key, index: keyIndex(key) };
  const tell = isFirst ? {} : { tell: { type: "KEY_ASKED", detail: fingerprintOf(key.publicKey) } as const };
  return { key, change: { user, writes: [own], ...tell } };
}

export function revokedKey(key: Key): Key {
  return { ...key, state: "REVOKED", ...(key.state === "PROVISIONAL" ? { neverActive: true } : {}) };
}

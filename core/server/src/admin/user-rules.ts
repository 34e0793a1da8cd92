// Changes that concern a user. None of them confirms anything for him: what he must sign, his key signs.
import { fingerprintOf, sha256, utf8 } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { changeUser, loadUser, type UserName } from "../identity/change-user.ts";
import { keyOwnerKey } from "../identity/entity-key.ts";
import { isByChange } from "../identity/held-recovery.ts";
import { confirmFingerprint } from "../identity/key-change.ts";
import { loadKeys } from "../identity/load-keys.ts";
import { requestThaw } from "../identity/request-thaw.ts";
import type { User } from "../identity/user.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, shardOfKey, type HexId, type UnixMs } from "../store/entity.ts";
import { stoppedAnew, tenantIn, TWO, unknown, type ActionRule, type Doing } from "./action-rule.ts";
import { refusalIn } from "./program-rules.ts";

export const resumeUser: ActionRule<"resume_user"> = {
  level: () => "low",
  judge: async (given, of, { userId }) => {
    const { tenantId } = tenantIn(of);
    if (tenantId === ADMINISTRATION)
      return refuse("NOT_ALLOWED", "An administrator is enabled, not resumed: enable_admin.");
    const user = await loadUser(given, { tenantId, userId });
    if (isRefusal(user)) return user;
    return (user.resumedBy === of.changeId ? undefined : stoppedAnew(of, suspendedAt(user))) ?? { name: userId };
  },
  carryOut: async (given, of, { userId }, by) => {
    const { tenantId } = tenantIn(of);
    return refusalIn(
      await changeUser(given, { tenantId, userId }, by.actor, (user) => {
        if (user.state !== "SUSPENDED" || user.resumedBy === of.changeId) return user;
        // What was his own to undo stays so: who was frozen then still thaws by his key.
        const { suspendedFrom: state = "FROZEN", ...rest } = user;
        const detail = { ...by.detail, before: "SUSPENDED", after: state };
        const told = state === "ACTIVE" ? { tell: { type: "THAWED" } as const } : {};
        return { user: { ...rest, state, resumedBy: of.changeId }, event: "user.resumed", detail, ...told };
      }),
    );
  },
};

/** Who is not suspended is resumed from nothing: what else stopped him his own key undoes. */
function suspendedAt({ state, stoppedAt }: User): UnixMs | undefined {
  return state === "SUSPENDED" ? stoppedAt : undefined;
}

export const thawUser: ActionRule<"thaw_user"> = {
  level: () => "low",
  judge: (given, of, { userId }) => namedUser(given, of, userId),
  carryOut: async (given, of, { userId }) => {
    const { tenantId } = tenantIn(of);
    const { changeId: requestId } = of;
    return refusalIn(
      await requestThaw(given, { tenantId, userId, createdBy: "core", requestId, bodyHash: sha256(utf8(requestId)) }),
    );
  },
};

/**
 * An administrator's key takes as many as he himself did: who invited a person has his invitation, and could come as him. One
 * that replaces the keys of somebody takes two, as its recovery did.
 */
export const confirmKey: ActionRule<"confirm_key"> = {
  level: (_action, of) => (tenantIn(of).tenantId === ADMINISTRATION ? "high" : "medium"),
  least: async (given, of, { keyId }) => {
    const owner = await ownerOf(given, of, keyId);
    const name = { tenantId: tenantIn(of).tenantId, userId: owner ?? "" };
    return owner !== undefined && (await isOfTheirRecovery(given, name, keyId)) ? TWO : 1;
  },
  judge: async (given, of, { keyId, fingerprint }) => {
    const owner = await ownerOf(given, of, keyId);
    if (owner === undefined) return unknown("action.confirm_key.key_id");
    const [key] = await loadKeys(given, { tenantId: tenantIn(of).tenantId, userId: owner }, [keyId]);
    if (
      key === undefined ||
      fingerprintOf(key.publicKey).replaceAll(/\s/g, "") !== fingerprint.replaceAll(/\s/g, "").toUpperCase()
    ) {
      return badInput(
        "action.confirm_key.fingerprint",
        "it is not this key's. Compare it with the key's display again.",
      );
    }
    if (tenantIn(of).tenantId === ADMINISTRATION && owner === of.requestedBy) {
      return refuse("NOT_ALLOWED", "Nobody accepts a key of his own: another administrator asks for it.");
    }
    return { name: owner };
  },
  carryOut: async (given, of, { keyId, fingerprint }, by) =>
    refusalIn(await confirmFingerprint(given, { tenantId: tenantIn(of).tenantId, keyId, fingerprint }, by.actor)),
};

async function isOfTheirRecovery(given: CoreGiven, name: UserName, keyId: HexId): Promise<boolean> {
  const user = await loadUser(given, name);
  if (isRefusal(user)) return false;
  const [key] = await loadKeys(given, user, [keyId]);
  return key?.recoveryId !== undefined && isByChange(user, key.recoveryId);
}

async function ownerOf(given: CoreGiven, of: Doing, keyId: string): Promise<string | undefined> {
  if (!/^[0-9a-f]{32}$/.test(keyId)) return undefined;
  const key = keyOwnerKey(keyId);
  const owner = (await given.store.load(shardOfKey(key), key)).entities[0].body;
  return owner?.tenantId === tenantIn(of).tenantId ? owner.userId : undefined;
}

async function namedUser(given: CoreGiven, of: Doing, userId: string): Promise<{ readonly name: string } | Refusal> {
  const user = await loadUser(given, { tenantId: tenantIn(of).tenantId, userId });
  return isRefusal(user) ? user : { name: userId };
}

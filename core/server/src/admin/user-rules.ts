// Changes that concern a user. None of them confirms anything for him: what he must sign, his key signs.
import { fingerprintOf, sha256, utf8 } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { changeUser, loadUser } from "../identity/change-user.ts";
import { keyOwnerKey } from "../identity/entity-key.ts";
import { confirmFingerprint } from "../identity/key-change.ts";
import { loadKeys } from "../identity/load-keys.ts";
import { requestThaw } from "../identity/request-thaw.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, shardOfKey } from "../store/entity.ts";
import { tenantIn, unknown, type ActionRule, type Doing } from "./action-rule.ts";
import { refusalIn } from "./program-rules.ts";

export const resumeUser: ActionRule<"resume_user"> = {
  level: () => "low",
  judge: async (given, of, { userId }) => {
    const { tenantId } = tenantIn(of);
    if (tenantId === ADMINISTRATION)
      return refuse("NOT_ALLOWED", "An administrator is enabled, not resumed: enable_admin.");
    return namedUser(given, of, userId);
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

export const confirmKey: ActionRule<"confirm_key"> = {
  level: () => "medium",
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

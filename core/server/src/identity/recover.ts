// The RPCs of a recovery: who may do what is in rpc/permission.ts, what becomes of it in recovery.ts.
import {
  KeyServiceBeginRecoveryRequest,
  Recovery as RecoveryMessage,
  RecoveryState,
} from "@countersign/proto/node/core/v1/key_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { actorOf, appOf, type AppCaller } from "../rpc/caller.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { toHex } from "@countersign/protocol";
import { checkDetail } from "../transaction/check-detail.ts";
import { bodyHashOf, checkRequestId, reserve } from "../transaction/reserve.ts";
import type { Call } from "../rpc/handler.ts";
import { changeUser, loadUser, type UserChange } from "./change-user.ts";
import { directoryOf } from "./directory.ts";
import { appKey, tenantKey } from "./entity-key.ts";
import { hadKey, loadKeys } from "./load-keys.ts";
import { AGREE_WITHIN_MS, isLive, standingOf, stepRecovery, type Recovery, type RecoveryEvent } from "./recovery.ts";
import { checkUserId } from "./user-name.ts";
import { liveRecovery, recoveryOf, unknownRecovery, withoutRecovery, withRecovery } from "./user-recovery.ts";
import type { User } from "./user.ts";
import { shardOfKey, type HexId, type UnixMs } from "../store/entity.ts";

/** Each is told on every channel: more a day is harassment. */
const MOST_A_DAY = 3;
const DAY_MS = 24 * 3_600_000;

interface Named {
  readonly userId: string;
  readonly recoveryId: string;
}
interface Answer {
  readonly recovery: RecoveryMessage;
}

/** The first yes. Nothing happens to any key; every channel is told at once, so that there is a day more to object. */
export async function beginRecovery(
  given: CoreGiven,
  request: KeyServiceBeginRecoveryRequest,
  { caller }: Call,
): Promise<Answer | Refusal> {
  const { requestId, userId, reason } = request;
  const bad = checkRequestId(requestId) ?? checkUserId(userId) ?? checkDetail(reason, "reason");
  if (bad !== undefined) return bad;
  const app = appOf(caller);
  const { tenantId, appId } = app;
  const name = { tenantId, userId };
  const user = await loadUser(given, name);
  if (isRefusal(user)) return user;
  const bodyHash = bodyHashOf("recovery.begin", KeyServiceBeginRecoveryRequest.encode(request).finish());
  const use = { tenantId, by: appId, rpc: "recovery.begin", requestId, bodyHash };
  const reserved = await reserve(given, use, { recoveryId: toHex(given.random.bytes(16)) });
  if (isRefusal(reserved)) return reserved;
  const { recoveryId = "" } = reserved.drawn;
  const keys = await loadKeys(given, user, user.keyIds);
  return changed(given, app, { userId, recoveryId }, (before, now) => {
    if (recoveryOf(before, recoveryId) !== undefined) return before;
    const refusal = whyNotBegin(before, now) ?? (hadKey(keys) ? undefined : nothingToRecover);
    if (refusal !== undefined) return refusal;
    const asked = { recoveryId, reason, askedBy: appId, askedAt: now, expiresAt: now + AGREE_WITHIN_MS };
    return {
      // An earlier one lapsed: it does not come back beside this one.
      user: withRecovery(withoutRecovery(before, now), { ...asked, state: "REQUESTED" }),
      tell: { type: "RECOVERY_ASKED", detail: reason, about: recoveryId },
      event: "recovery.requested",
      detail: { recovery: recoveryId, reason },
    };
  });
}

export const nothingToRecover: Refusal = refuse("STATE_CONFLICT", "The user has had no key yet: enrol his first one.");

/** Why no recovery of this user can begin now. */
export function whyNotBegin(user: User, now: UnixMs): Refusal | undefined {
  if (user.state === "SUSPENDED")
    return refuse("USER_BLOCKED", "The user is SUSPENDED: no key can be enrolled for him.");
  const live = liveRecovery(user, now);
  if (live !== undefined) {
    const metadata = { recoveryId: live.recoveryId, state: standingOf(live, now) };
    return refuse("STATE_CONFLICT", "A recovery of this user is under way already.", { metadata });
  }
  const lately = (user.recoveries ?? []).filter(({ askedAt }) => askedAt > now - DAY_MS);
  if (lately.length < MOST_A_DAY) return undefined;
  const retryAfterMs = Math.min(...lately.map(({ askedAt }) => askedAt)) + DAY_MS - now;
  return refuse("RATE_LIMITED", `${MOST_A_DAY} recoveries of this user were asked for within a day.`, { retryAfterMs });
}

/** The second yes, by another app than the first. From now on the hold runs. */
export async function approveRecovery(given: CoreGiven, named: Named, { caller }: Call): Promise<Answer | Refusal> {
  const app = appOf(caller);
  if (await isOneHand(given, app, named)) return oneHand;
  const tenant = await directoryOf(given.store).get(tenantKey(app.tenantId));
  if (tenant === undefined) throw new Error(`tenant ${app.tenantId} does not exist`);
  const holdMs = tenant.policy.holdHours * 3_600_000;
  const event = { type: "approved", by: app.appId, holdMs } as const;
  return changed(given, app, named, (before, now) =>
    stepped(before, named.recoveryId, event, now, (recovery) => {
      if (recovery.state !== "HELD") throw new Error(`an approved recovery is ${recovery.state}`);
      const until = new Date(recovery.readyAt).toISOString();
      const detail = { recovery: recovery.recoveryId, askedBy: recovery.askedBy, readyAt: recovery.readyAt };
      return {
        event: "recovery.approved",
        tell: { type: "RECOVERY_HELD", detail: until, about: recovery.recoveryId },
        detail,
      };
    }),
  );
}

const oneHand = refuse(
  "NOT_ALLOWED",
  "One administrator alone gave out tokens of both apps, so they are no two people: ask for the change recover_user.",
);

/** Whether the app that asked and the one that agrees may both be in the hand of one administrator. */
async function isOneHand(given: CoreGiven, { tenantId, appId }: AppCaller, named: Named): Promise<boolean> {
  const user = await loadUser(given, { tenantId, userId: named.userId });
  const askedBy = isRefusal(user) ? undefined : recoveryOf(user, named.recoveryId)?.askedBy;
  if (askedBy === undefined || askedBy === appId) return false;
  const [one = [], other = []] = await Promise.all([askedBy, appId].map((id) => handsOf(given, appKey(tenantId, id))));
  return one.some((hand) => other.includes(hand));
}

async function handsOf({ store }: CoreGiven, key: ReturnType<typeof appKey>): Promise<readonly string[]> {
  return (await store.load(shardOfKey(key), key)).entities[0].body?.hands ?? [];
}

/** Until it is used. */
export async function stopRecovery(given: CoreGiven, named: Named, { caller }: Call): Promise<Answer | Refusal> {
  return changed(given, appOf(caller), named, (before, now) =>
    stepped(before, named.recoveryId, { type: "stopped" }, now, ({ recoveryId }) => ({
      event: "recovery.stopped",
      detail: { recovery: recoveryId },
    })),
  );
}

export async function listRecoveries(
  given: CoreGiven,
  { userId }: { readonly userId: string },
  { caller }: Call,
): Promise<{ readonly recoveries: RecoveryMessage[] } | Refusal> {
  const user = await loadUser(given, { tenantId: appOf(caller).tenantId, userId });
  if (isRefusal(user)) return user;
  return { recoveries: liveRecoveries(user, given.store.now()) };
}

/** Under way: asked for, held or ready. */
export function liveRecoveries(user: User, now: UnixMs): RecoveryMessage[] {
  const live = (user.recoveries ?? []).filter((one) => isLive(one, now));
  return live.map((one) => recoveryMessage(user, one, now));
}

function stepped(
  user: User,
  recoveryId: HexId,
  event: RecoveryEvent,
  now: UnixMs,
  tell: (after: Recovery) => Omit<UserChange, "user">,
): UserChange | User | Refusal {
  const before = recoveryOf(user, recoveryId);
  if (before === undefined) return unknownRecovery;
  const after = stepRecovery(before, event, now);
  if (isRefusal(after)) return after;
  return after === before ? user : { user: withRecovery(user, after), ...tell(after) };
}

async function changed(
  given: CoreGiven,
  app: AppCaller,
  { userId, recoveryId }: Named,
  how: (user: User, now: UnixMs) => UserChange | User | Refusal,
): Promise<Answer | Refusal> {
  const user = await changeUser(given, { tenantId: app.tenantId, userId }, actorOf(app), how);
  if (isRefusal(user)) return user;
  const recovery = recoveryOf(user, recoveryId);
  if (recovery === undefined) return unknownRecovery;
  return { recovery: recoveryMessage(user, recovery, given.store.now()) };
}

function recoveryMessage({ userId }: User, recovery: Recovery, now: UnixMs): RecoveryMessage {
  const { recoveryId, reason, expiresAt } = recovery;
  const standing = standingOf(recovery, now);
  const readyAt = "readyAt" in recovery ? timestampOf(recovery.readyAt) : undefined;
  // A lapsed one is told by nobody but who repeats an old call.
  const state = RecoveryState[standing === "LAPSED" ? "STOPPED" : standing];
  return RecoveryMessage.create({ recoveryId, userId, state, reason, readyAt, expiresAt: timestampOf(expiresAt) });
}

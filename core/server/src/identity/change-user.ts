import { alertWrites } from "../delivery/plan.ts";
import type { NoticeType } from "../delivery/delivery.ts";
import type { CoreGiven } from "../given.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfUser, type HexId, type UnixMs } from "../store/entity.ts";
import type { AnyWrite, AuditDraft, LoadedEntity } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { linkKey, userKey } from "./entity-key.ts";
import type { Link } from "./link.ts";
import { auditOfStop, stoppedBetween } from "./user-recovery.ts";
import { checkUserId } from "./user-name.ts";
import type { User } from "./user.ts";

/** A user outside any transaction. */
export interface UserName {
  readonly tenantId: HexId;
  readonly userId: string;
}

const unknownUser: Refusal = refuse("NOT_FOUND", "user_id: there is no such user. Create him first.");

/** Also refuses what can be no user's name, so that nothing else has to be asked of the store. */
export async function loadUser(given: CoreGiven, { tenantId, userId }: UserName): Promise<User | Refusal> {
  const refusal = checkUserId(userId);
  if (refusal !== undefined) return refusal;
  const { entities } = await given.store.load(shardOfUser(tenantId, userId), userKey(tenantId, userId));
  return entities[0].body ?? unknownUser;
}

/** What a change makes of a user, together with what belongs into the same commit. */
export interface UserChange {
  readonly user: User;
  readonly writes?: readonly AnyWrite[];
  /** Told to all his linked chats. That a recovery was stopped is told and audited without being named here. */
  readonly tell?: Told;
  /** Dotted past tense, and what it is about if not the user. */
  readonly event: string;
  readonly subject?: string;
  readonly detail?: AuditDraft["detail"];
  /** What else the same commit does, for the audit. */
  readonly also?: readonly Pick<AuditDraft, "event" | "subject" | "detail">[];
}

interface Told {
  readonly type: NoticeType;
  readonly detail?: string;
  /** Tells two events of one type and moment apart; the user is not shown it. */
  readonly about?: string;
}

/**
 * Reads a user and changes him in one commit, again after a conflict. `change` is pure; the very same user means that
 * nothing is to be written.
 */
export async function changeUser(
  given: CoreGiven,
  name: UserName,
  actor: string,
  change: (user: User, now: UnixMs) => UserChange | User | Refusal | Promise<UserChange | User | Refusal>,
): Promise<User | Refusal> {
  const { tenantId, userId } = name;
  const refusal = checkUserId(userId);
  if (refusal !== undefined) return refusal;
  const shard = shardOfUser(tenantId, userId);
  return untilSettled(async (): Promise<User | Refusal | undefined> => {
    const { entities, epoch, now } = await given.store.load(shard, userKey(tenantId, userId));
    const [held] = entities;
    if (held.body === undefined) return unknownUser;
    const changed = await change(held.body, now);
    if (isRefusal(changed) || !("event" in changed)) return changed;
    const { user, event, subject = `user:${userId}`, detail = {}, also = [] } = changed;
    const stopped = auditOfStop(held.body, user, actor).filter((one) => one.event !== event);
    const writes = [
      ...(changed.writes ?? []),
      { key: held.key, expected: held.version, body: user },
      ...(await alertsOf(given, shard, { user, tell: toldOf(held.body, changed), now })),
    ];
    const more = also.map((one) => ({ ...one, tenant: tenantId, actor }));
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes,
      audit: [{ event, tenant: tenantId, actor, subject, detail }, ...more, ...stopped],
    });
    return outcome === "committed" ? user : undefined;
  });
}

function toldOf(before: User, { user, tell }: UserChange): readonly Told[] {
  const recovery = stoppedBetween(before, user);
  const stopped: readonly Told[] =
    recovery === undefined ? [] : [{ type: "RECOVERY_STOPPED", about: recovery.recoveryId }];
  return tell === undefined || tell.type === "RECOVERY_STOPPED" ? stopped : [tell, ...stopped];
}

async function alertsOf(
  given: CoreGiven,
  shard: number,
  { user, tell, now }: { user: User; tell: readonly Told[]; now: UnixMs },
): Promise<AnyWrite[]> {
  if (tell.length === 0 || user.linkIds.length === 0) return [];
  const { entities } = await given.store.load(shard, ...user.linkIds.map((id) => linkKey(user.tenantId, id)));
  const linked = entities.flatMap(({ body }: LoadedEntity<"link">): Link[] => (body?.state === "LINKED" ? [body] : []));
  return tell.flatMap(({ about = "", ...told }) => {
    const event = `${user.tenantId}\0${user.userId}\0${told.type}\0${told.detail ?? ""}\0${about}\0${now}`;
    return alertWrites(linked, { event, notice: { ...told, at: now } }, now);
  });
}

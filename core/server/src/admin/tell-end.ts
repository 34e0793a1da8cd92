// Who asked for a change and who confirmed it learn in their chats how it ended. docs/decisions/0024
import type { NoticeType } from "../delivery/delivery.ts";
import type { CoreGiven } from "../given.ts";
import { alertOnce } from "../identity/alert-once.ts";
import { changeKey } from "../identity/entity-key.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, type HexId } from "../store/entity.ts";
import { SAYS } from "./action-fields.ts";
import { standingOf, type Change, type ChangeStanding } from "./change.ts";
import { stepChange } from "./load-change.ts";

const NOTICE: Readonly<Partial<Record<ChangeStanding, NoticeType>>> = {
  APPLIED: "CHANGE_APPLIED",
  FAILED: "CHANGE_FAILED",
  REJECTED: "CHANGE_REJECTED",
  EXPIRED: "CHANGE_EXPIRED",
};

/** Once, also over a crash: each chat's message has the change's id in its own, and the change is due until all were told. */
export async function tellEnd(given: CoreGiven, changeId: HexId): Promise<void> {
  const { entities, now } = await given.store.load(ADMINISTRATION_SHARD, changeKey(changeId));
  const change = entities[0].body;
  if (change === undefined || change.told === true) return;
  const standing = standingOf(change, now);
  const type = NOTICE[standing];
  if (type === undefined) return;
  const event = `${changeId}\0${type}`;
  const audited = { event: "change.told", actor: "core", detail: { change: changeId, state: standing } };
  for (const userId of peopleOf(change)) {
    await alertOnce(given, { tenantId: ADMINISTRATION, userId }, { event, type, detail: nameOf(change) }, audited);
  }
  const told = await stepChange(given, changeId, asTold, ({ tenantId: tenant }) => ({
    ...{ event: "change.all-told", tenant, actor: "core", subject: `change:${changeId}`, detail: { state: standing } },
  }));
  if (isRefusal(told)) throw new Error(`change ${changeId}: ${told.message}`);
}

function asTold(change: Change): Change {
  return change.told === true ? change : { ...change, told: true };
}

function peopleOf({ requestedBy, approvals }: Change): Set<string> {
  return new Set([requestedBy, ...approvals.map(({ adminId }) => adminId)]);
}

/** Kind and number alone: which app or user it is about is shown where the policy lets the chat show lines. */
function nameOf({ action, changeId }: Change): string {
  return `${SAYS[action.type]} ${changeId.slice(0, 8).toUpperCase()}`;
}

// Messages about nothing that happened, through the chains as all others: what arrives proves the whole way.
import { toHex } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { WEBHOOK_SHARD, type HexId } from "../store/entity.ts";
import type { AuditDraft } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { unknownWebhook, type NamedWebhook } from "./change-webhook.ts";
import { EVENT_TYPES, stateOfType } from "./event.ts";
import { webhookOf } from "./find.ts";

/** To one endpoint. Answers the message's id. */
export async function sendTest(given: CoreGiven, named: NamedWebhook, type: string): Promise<string | Refusal> {
  const held = await webhookOf(given, named.tenantId, named.endpointId);
  if (held === undefined) return unknownWebhook;
  const { endpointId: endpoint } = held.body;
  return tell(given, type === "" ? "transaction.executed" : type, {
    ...{ event: "webhook.tested", tenant: named.tenantId, actor: named.actor, subject: `webhook:${endpoint}` },
    detail: { endpoint },
  });
}

/** To every endpoint of a tenant that wants it. */
export function trigger(given: CoreGiven, tenantId: HexId, actor: string, type: string): Promise<string | Refusal> {
  const subject = `tenant:${tenantId}`;
  return tell(given, type, { event: "webhook.triggered", tenant: tenantId, actor, subject, detail: {} });
}

async function tell(given: CoreGiven, type: string, draft: AuditDraft): Promise<string | Refusal> {
  if (stateOfType(type) === undefined) return badInput("type", `no such event. There are ${EVENT_TYPES.join(", ")}`);
  const id = `evt_test_${toHex(given.random.bytes(12))}`;
  const detail = { ...draft.detail, id, type, transaction: toHex(given.random.bytes(16)) };
  const told = await untilSettled(async () => {
    const { epoch } = await given.store.load(WEBHOOK_SHARD);
    const outcome = await commitOnce(given, WEBHOOK_SHARD, { epoch, writes: [], audit: [{ ...draft, detail }] });
    return outcome === "committed" ? id : undefined;
  });
  return isRefusal(told) ? told : id;
}

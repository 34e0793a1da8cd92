// What an endpoint would get, to a developer's own program: on development cores alone.
import { WebhookServiceListenResponse } from "@countersign/proto/node/admin/v1/webhook_service";
import { tailEntries } from "../admin/tail-audit.ts";
import type { CoreGiven } from "../given.ts";
import type { AdminCaller } from "../rpc/caller.ts";
import type { Send } from "../rpc/handler.ts";
import type { Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import type { AuditEntry } from "../store/store.ts";
import { eventsOfEntry, matches, type WebhookEvent } from "./event.ts";
import { listenSecretOf, signed } from "./secret.ts";

export interface Listening {
  readonly tenantId: HexId;
  /** None: all. */
  readonly events: readonly string[];
  readonly cursor: string;
}

export async function listen(
  given: CoreGiven,
  { adminId }: AdminCaller,
  { tenantId, events, cursor }: Listening,
  { signal, send }: { readonly signal: AbortSignal; readonly send: Send<WebhookServiceListenResponse> },
): Promise<void | Refusal> {
  const secret = listenSecretOf(given.secrets, tenantId, adminId);
  const pick = (entry: AuditEntry): WebhookEvent[] =>
    eventsOfEntry(entry).filter((event) => event.tenantId === tenantId && matches(events, event.type));
  let unsaid = secret;
  const tell = async (message: Partial<WebhookServiceListenResponse>): Promise<void> => {
    const first = unsaid;
    unsaid = "";
    await send(WebhookServiceListenResponse.create({ ...message, secret: first }));
  };
  return tailEntries(given, { cursor, pick }, signal, async (picked, at) => {
    if (picked.length === 0) await tell({ cursor: at });
    for (const event of picked) {
      const { headers, body } = signed(event, [secret], given.store.now());
      const message = {
        webhookId: headers["webhook-id"],
        webhookTimestamp: headers["webhook-timestamp"],
        webhookSignature: headers["webhook-signature"],
      };
      await tell({ ...message, body, cursor: at });
    }
  });
}

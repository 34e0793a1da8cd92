import { WebhookServiceTriggerRequest } from "@countersign/proto/node/admin/v1/webhook_service";
import { call } from "@countersign/sdk";
import type { AdminGiven } from "../admin/admin-connection.ts";
import { tenantId } from "../admin/find.ts";
import type { TenantOption } from "../admin/tree.ts";
import { ExitCode } from "../exit-code.ts";

/** `countersign trigger EVENT`: as if it had happened, marked as a test, to every endpoint and listener of the tenant. */
export async function triggerCommand(on: AdminGiven, type: string, options: TenantOption): Promise<ExitCode> {
  const { terminal } = on.given;
  const request = WebhookServiceTriggerRequest.create({ tenantId: await tenantId(on, options.tenant), type });
  const { webhookId } = await call(on.webhooks.trigger.bind(on.webhooks), request, on.core);
  terminal.record({ webhookId, type, test: true });
  terminal.result(`  ${terminal.sign("done")} ${webhookId} is on its way to every endpoint that wants it`);
  return ExitCode.DONE;
}

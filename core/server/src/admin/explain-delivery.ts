// Why no code came, in one answer. docs/how-to/when-no-code-comes.md
import {
  AdminServiceExplainDeliveryResponse,
  type AdminServiceExplainDeliveryRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import type { CoreGiven } from "../given.ts";
import { loadUser } from "../identity/change-user.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import { loadTransaction } from "./stop.ts";

export async function explainDelivery(
  given: CoreGiven,
  tenantId: HexId,
  { about }: AdminServiceExplainDeliveryRequest,
): Promise<AdminServiceExplainDeliveryResponse | Refusal> {
  if (about === undefined) return badInput("about", "name a user_id or a transaction_id");
  const asked = about.$case === "transactionId" ? await loadTransaction(given, tenantId, about.value) : undefined;
  if (isRefusal(asked)) return asked;
  const userId = asked?.userId ?? about.value;
  const user = await loadUser(given, { tenantId, userId });
  if (isRefusal(user)) return user;
  return AdminServiceExplainDeliveryResponse.create({ userId });
}

import {
  AdminServiceListAdminsRequest,
  type AdminServiceRevokeTokenRequest,
  type Admin,
  type Token,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import type { AdminGiven } from "./admin-connection.ts";
import { appsOf, botsOf } from "./find.ts";
import { every } from "./list.ts";

/** The tokens of one holder that open something. */
export async function holderTokens(
  on: AdminGiven,
  tenant: string,
  holder: NonNullable<AdminServiceRevokeTokenRequest["holder"]>,
): Promise<readonly Token[]> {
  switch (holder.$case) {
    case "appId":
      return (await appsOf(on, tenant)).find(({ appId }) => appId === holder.value)?.tokens ?? [];
    case "botId":
      return (await botsOf(on, tenant)).find(({ botId }) => botId === holder.value)?.tokens ?? [];
    case "adminId":
      return (await admins(on)).find(({ adminId }) => adminId === holder.value)?.tokens ?? [];
  }
}

function admins(on: AdminGiven): Promise<Admin[]> {
  return every(async (page) => {
    const answer = await call(on.admin.listAdmins.bind(on.admin), AdminServiceListAdminsRequest.create(page), on.core);
    return { items: answer.admins, nextPageToken: answer.nextPageToken };
  });
}

import type { User } from "@countersign/proto/web/core/v1/user_service";
import { admin } from "../../connection/core.ts";

/** A user by his whole name; undefined: nobody of this tenant has it. Rejects with CoreFailure. */
export async function findUser(tenantId: string, userId: string, signal: AbortSignal): Promise<User | undefined> {
  let pageToken = "";
  do {
    const request = { tenantId, userIdPrefix: userId, pageSize: 100, pageToken };
    const { users, nextPageToken } = await admin.listUsers(request, { signal });
    const found = users.find((each) => each.userId === userId);
    if (found !== undefined) return found;
    pageToken = nextPageToken;
  } while (pageToken !== "");
  return undefined;
}

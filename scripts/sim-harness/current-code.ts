import { codeOf } from "../../core/server/src/code/derive.ts";
import type { Issue, Transaction } from "../../core/server/src/transaction/transaction.ts";
import { SECRETS, SERVER_ID } from "./people.ts";

/** Of an issue; of the current one unless it is named. */
export function currentCode(body: Transaction, issue: Issue = body.issue): string {
  return codeOf({ serverId: SERVER_ID, secrets: SECRETS } as never, body, issue).reveal();
}

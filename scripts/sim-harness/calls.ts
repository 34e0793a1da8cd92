// The core's own handlers behind the services, as the simulation calls them.
import { beginApproval, type ApprovalAsk } from "../../core/server/src/approval/begin-approval.ts";
import { decided } from "../../core/server/src/approval/decided.ts";
import type { CoreGiven } from "../../core/server/src/given.ts";
import { revokeKey } from "../../core/server/src/identity/key-change.ts";
import { requestThaw, type ThawRequest } from "../../core/server/src/identity/request-thaw.ts";
import type { Refusal } from "../../core/server/src/rpc/refusal.ts";
import { createTransaction, type Created } from "../../core/server/src/transaction/create.ts";
import type { Draft } from "../../core/server/src/transaction/draft.ts";
import type { TransactionEvent } from "../../core/server/src/transaction/event.ts";
import { happen } from "../../core/server/src/transaction/happen.ts";
import type { Transaction } from "../../core/server/src/transaction/transaction.ts";
import { submitStatement } from "../../core/server/src/verification/submit-statement.ts";

export interface Calls {
  create(given: CoreGiven, draft: Draft): Promise<Created | Refusal>;
  submit(
    given: CoreGiven,
    ask: { readonly txId: string; readonly tenantId: string | undefined; readonly signed: Uint8Array },
  ): Promise<Transaction | Refusal>;
  happen(given: CoreGiven, txId: string, event: TransactionEvent, actor: string): Promise<Transaction | Refusal>;
  approve(given: CoreGiven, ask: ApprovalAsk): Promise<Created | Refusal>;
  /** What a no decides about, once it was said. */
  decide(given: CoreGiven, of: Transaction): Promise<Transaction>;
  thaw(given: CoreGiven, request: ThawRequest): Promise<Created | Refusal>;
  revoke(given: CoreGiven, key: { readonly tenantId: string; readonly keyId: string }): Promise<unknown>;
}

export const REAL_CALLS: Calls = {
  create: createTransaction,
  submit: submitStatement,
  happen,
  approve: beginApproval,
  decide: decided,
  thaw: requestThaw,
  revoke: (given, key) => revokeKey(given, key, "admin"),
};

import { adminService } from "./admin/admin-service.ts";
import { auditService } from "./admin/audit-service.ts";
import { changeDue } from "./admin/end-change.ts";
import { outboxDue, requestDue } from "./approval/due.ts";
import { channelService } from "./channel/channel-service.ts";
import { codeService } from "./code/code-service.ts";
import { deliveryDue } from "./delivery/due.ts";
import { executionService } from "./execution/execution-service.ts";
import type { CoreGiven } from "./given.ts";
import { keyService } from "./identity/key-service.ts";
import { linkService } from "./identity/link-service.ts";
import { userService } from "./identity/user-service.ts";
import { receiptService } from "./receipt/receipt-service.ts";
import type { Service } from "./rpc/server.ts";
import type { DueHandlers } from "./sweep.ts";
import { confirmationService } from "./transaction/confirmation-service.ts";
import { expireTransaction } from "./transaction/happen.ts";
import { transactionService } from "./transaction/transaction-service.ts";
import { finishOpenCompare } from "./verification/finish-open-compare.ts";
import { webhookService } from "./webhook/webhook-service.ts";
import { verificationService } from "./verification/verification-service.ts";

/** All services of the core, on what they are given. */
export function servicesOf(given: CoreGiven): Service[] {
  return [
    transactionService(given),
    codeService(given),
    verificationService(given),
    confirmationService(given),
    executionService(given),
    receiptService(given),
    userService(given),
    keyService(given),
    linkService(given),
    channelService(given),
    adminService(given),
    auditService(given),
    webhookService(given),
  ];
}

/** What happens to entities when their time has come. */
export function dueHandlersOf(given: CoreGiven): DueHandlers {
  return {
    transaction: (found) => expireTransaction(given, found),
    judged: (found) => finishOpenCompare(given, found),
    delivery: (found) => deliveryDue(given, found),
    link: (found) => deliveryDue(given, found),
    change: (found) => changeDue(given, found),
    outbox: (found) => outboxDue(given, found),
    "approval-request": (found) => requestDue(given, found),
  };
}

/**
 * Calls that end something safely, or say how it ended. They have places of their own in the line and wait behind nobody
 * but each other. Bots' acks and vetoes come on streams that are open, and health is asked of nobody: neither waits.
 */
export const URGENT: ReadonlySet<string> = new Set([
  ...[
    ...["TransactionService/Cancel", "TransactionService/Veto", "ConfirmationService/Withdraw"],
    ...["ExecutionService/Begin", "ExecutionService/Renew", "ExecutionService/Report", "ExecutionService/Resolve"],
    ...["UserService/Freeze", "UserService/Suspend", "LinkService/Unlink"],
    ...["KeyService/Revoke", "KeyService/StopRecovery"],
  ].map((rpc) => `/countersign.core.v1.${rpc}`),
  // What administrators stop.
  ...[
    ...["DisableAdmin", "DisableApp", "DisableBot", "PauseBot", "RevokeToken", "LogOut", "SuspendUser", "FreezeUser"],
    ...["RevokeKey", "RevokeLink", "CancelTransaction", "RejectChange"],
  ].map((rpc) => `/countersign.admin.v1.AdminService/${rpc}`),
]);

export function isUrgent(path: string): boolean {
  return URGENT.has(path);
}

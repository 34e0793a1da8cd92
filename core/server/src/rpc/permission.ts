import type { CallerKind } from "./caller.ts";

/**
 * Who may call what: every RPC of the core has a row, and an RPC without one is refused to everybody. `execute` opens
 * nothing that a user's PC holds a token for, and no caller but an executor opens `execute`.
 */
export const PERMISSION: Readonly<Record<string, readonly CallerKind[]>> = {
  ...service("TransactionService", {
    Create: ["submit", "grant"],
    CreateGrant: ["submit"],
    Get: ["submit"],
    List: ["submit"],
    Watch: ["submit"],
    Cancel: ["submit"],
    Veto: ["submit"],
  }),
  ...service("CodeService", { GetDelivery: ["submit"], Resend: ["submit"] }),
  ...service("VerificationService", { SubmitStatement: ["submit", "confirmation"] }),
  ...service("ConfirmationService", {
    Get: ["confirmation"],
    Watch: ["confirmation"],
    Withdraw: ["confirmation"],
    Resend: ["confirmation"],
  }),
  ...service("ExecutionService", {
    Claim: ["execute"],
    ClaimNext: ["execute"],
    Begin: ["execute"],
    Renew: ["execute"],
    Report: ["execute"],
    Resolve: ["execute"],
  }),
  ...service("ReceiptService", {
    Get: ["submit", "execute", "confirmation"],
    GetVerificationKeys: ["submit", "execute", "confirmation"],
  }),
  ...service("UserService", {
    Create: ["submit"],
    Get: ["submit"],
    Suspend: ["submit"],
    Freeze: ["submit"],
    RequestThaw: ["submit"],
  }),
  ...service("KeyService", {
    BeginEnrolment: ["submit"],
    FinishEnrolment: ["submit", "enrolment"],
    ConfirmFingerprint: ["submit"],
    List: ["submit"],
    Revoke: ["submit"],
  }),
  ...service("LinkService", {
    BeginLink: ["submit"],
    WatchLink: ["submit"],
    List: ["submit"],
    Reorder: ["submit"],
    Unlink: ["submit"],
  }),
  "/countersign.channel.v1.ChannelService/Attach": ["bot"],
};

function service(
  name: string,
  rpcs: Readonly<Record<string, readonly CallerKind[]>>,
): Record<string, readonly CallerKind[]> {
  return Object.fromEntries(
    Object.entries(rpcs).map(([rpc, callers]) => [`/countersign.core.v1.${name}/${rpc}`, callers]),
  );
}

import type { CallerKind } from "./caller.ts";

/** Administrators: those who read, those of them who stop, and those of these who ask for what loosens. */
const ANYBODY: readonly CallerKind[] = ["owner", "admin", "operator", "auditor"];
const STOPPERS: readonly CallerKind[] = ["owner", "admin", "operator"];
const CHANGERS: readonly CallerKind[] = ["owner", "admin"];

/**
 * Who may call what: every RPC of the core has a row, and an RPC without one is refused to everybody. No caller but an
 * executor opens `execute`. What decides about a user over his head is open to `submit` on a development core alone
 * (identity/may-decide.ts).
 */
export const PERMISSION: Readonly<Record<string, readonly CallerKind[]>> = {
  ...service("TransactionService", {
    Create: ["submit", "grant"],
    CreateGrant: ["submit"],
    Get: ["submit"],
    BeginApproval: ["submit"],
    ListApprovals: ["submit"],
    List: ["submit"],
    Watch: ["submit"],
    Cancel: ["submit"],
    Veto: ["submit"],
  }),
  ...service("CodeService", { GetDelivery: ["submit"], WatchDelivery: ["submit"], Resend: ["submit"] }),
  ...service("VerificationService", {
    SubmitAssertion: ["submit", "confirmation"],
    SubmitStatement: ["submit", "confirmation"],
  }),
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
    Suspend: ["submit", "execute"],
    Freeze: ["submit"],
    RequestThaw: ["submit"],
  }),
  ...service("KeyService", {
    BeginEnrolment: ["submit", "execute"],
    FinishEnrolment: ["submit", "execute", "enrolment"],
    ConfirmFingerprint: ["submit", "execute"],
    List: ["submit"],
    Revoke: ["submit", "execute"],
    Rename: ["submit", "execute"],
    BeginRecovery: ["execute"],
    ApproveRecovery: ["execute"],
    StopRecovery: ["submit", "execute"],
    ListRecoveries: ["submit", "execute"],
  }),
  ...service("LinkService", {
    BeginLink: ["submit"],
    WatchLink: ["submit"],
    List: ["submit"],
    Reorder: ["submit", "execute"],
    Unlink: ["submit"],
  }),
  "/countersign.channel.v1.ChannelService/Attach": ["bot"],
  ...admin("AdminService", {
    Claim: ["invitation"],
    // No bearer: who logs in has no token yet.
    BeginLogin: ["enrolment"],
    FinishLogin: ["confirmation"],
    ...each(ANYBODY, "WhoAmI", "LogOut", "BeginOwnEnrolment", "ConfirmOwnKey", "BeginOwnLink", "WatchOwnLink"),
    ...each(ANYBODY, "ListAdmins", "ListTenants", "ListApps", "ListBots", "GetPolicy", "SimulatePolicy", "ListUsers"),
    ...each(
      ANYBODY,
      "ListKeys",
      "ListLinks",
      "GetSummary",
      "ListTransactions",
      "GetTransaction",
      "GetChange",
      "ListChanges",
      "ListDeliveries",
      "ExplainDelivery",
      "SendTestMessage",
    ),
    ...each(
      STOPPERS,
      "DisableAdmin",
      "DisableApp",
      "DisableBot",
      "PauseBot",
      "RevokeToken",
      "CancelTransaction",
      "RequeueDelivery",
    ),
    ...each(STOPPERS, "SuspendUser", "FreezeUser", "RevokeKey", "RevokeLink"),
    ...each(CHANGERS, "RequestChange", "ApproveChange", "RejectChange", "CreateUser", "InviteUser"),
  }),
  ...admin("WebhookService", {
    ...each(ANYBODY, "List", "ListDeliveries"),
    ...each(STOPPERS, "Pause", "Replay", "SendTest"),
    ...each(CHANGERS, "Create", "Rotate", "Resume", "Remove", "Trigger", "Listen"),
  }),
  ...admin("AuditService", each(ANYBODY, "List", "Tail", "ListHeads", "Export")),
};

type Rows = Readonly<Record<string, readonly CallerKind[]>>;

function each(callers: readonly CallerKind[], ...rpcs: readonly string[]): Rows {
  return Object.fromEntries(rpcs.map((rpc) => [rpc, callers]));
}

function service(name: string, rpcs: Rows): Rows {
  return rowsOf(`/countersign.core.v1.${name}`, rpcs);
}

function admin(name: string, rpcs: Rows): Rows {
  return rowsOf(`/countersign.admin.v1.${name}`, rpcs);
}

function rowsOf(path: string, rpcs: Rows): Rows {
  return Object.fromEntries(Object.entries(rpcs).map(([rpc, callers]) => [`${path}/${rpc}`, callers]));
}

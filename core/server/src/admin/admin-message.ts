// Administrators, tenants, apps, bots and changes as they travel. No token, no secret.
import {
  Action,
  Admin as AdminMessage,
  AdminState,
  App as AppMessage,
  AppScope,
  Approval as ApprovalMessage,
  Bot as BotMessage,
  Change as ChangeMessage,
  ChangeLevel,
  ChangeState,
  Policy as PolicyMessage,
  Role as RoleMessage,
  Tenant as TenantMessage,
  Token as TokenMessage,
} from "@countersign/proto/node/admin/v1/admin_service";
import { renderFields, Kind } from "@countersign/protocol";
import type { BotLease } from "../channel/bot-lease.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import { openOf, type HeldTokens } from "../identity/held-token.ts";
import type { App, Bot, Tenant } from "../identity/tenant.ts";
import { adviceOn } from "../policy/advice.ts";
import { policyJson } from "../policy/policy-json.ts";
import type { Policy } from "../policy/policy.ts";
import { ADMINISTRATION, type UnixMs } from "../store/entity.ts";
import { lineMessages } from "../transaction/transaction-message.ts";
import type { Admin, Role } from "./admin.ts";
import { detachedSince, isAttached } from "./explain-bot.ts";
import { standingOf, type AdminAction, type Change } from "./change.ts";

export const ROLE_MESSAGE: Readonly<Record<Role, RoleMessage>> = {
  owner: RoleMessage.OWNER,
  admin: RoleMessage.ADMIN,
  operator: RoleMessage.OPERATOR,
  auditor: RoleMessage.AUDITOR,
};

export const SCOPE_MESSAGE: Readonly<Record<App["scope"], AppScope>> = {
  submit: AppScope.SUBMIT,
  execute: AppScope.EXECUTE,
};

const LEVEL: Readonly<Record<Change["level"], ChangeLevel>> = {
  low: ChangeLevel.LOW,
  medium: ChangeLevel.MEDIUM,
  high: ChangeLevel.HIGH,
};

export function adminMessage({ adminId, role, tenantId, state, createdAt, tokens }: Admin, now: UnixMs): AdminMessage {
  return AdminMessage.create({
    ...{ adminId, tenantId, role: ROLE_MESSAGE[role], state: AdminState[state] },
    ...{ createdAt: timestampOf(createdAt), tokens: tokenMessages(tokens, now) },
  });
}

export function tokenMessages(held: HeldTokens | undefined, now: UnixMs): TokenMessage[] {
  return openOf(held, now).map(({ id, issuedAt, until }) =>
    TokenMessage.create({
      tokenSha256: id,
      issuedAt: timestampOf(issuedAt),
      expiresAt: until === undefined ? undefined : timestampOf(until),
    }),
  );
}

export function tenantMessage({ tenantId, name, issuer, policyVersion }: Tenant): TenantMessage {
  return TenantMessage.create({ tenantId, name, issuer, policyVersion, isAdministration: tenantId === ADMINISTRATION });
}

export function appMessage({ appId, name, scope, disabled, tokens }: App, now: UnixMs): AppMessage {
  return AppMessage.create({ appId, name, scope: SCOPE_MESSAGE[scope], disabled, tokens: tokenMessages(tokens, now) });
}

/** How a bot is, beside what is stored of it. */
export interface BotHealth {
  readonly lease: BotLease | undefined;
  readonly waiting: number;
}

export function botMessage(
  { botId, name, platform, disabled, paused, tokens }: Bot,
  { lease, waiting }: BotHealth,
  now: UnixMs,
): BotMessage {
  const { sentAt, failedAt, failure = "" } = lease?.counts?.health ?? {};
  const since = detachedSince(lease, now);
  return BotMessage.create({
    ...{ botId, name, platform, disabled, paused: paused === true },
    ...{ attached: isAttached(lease, now), waiting, lastFailure: failure },
    ...(sentAt === undefined ? {} : { lastSentAt: timestampOf(sentAt) }),
    ...(failedAt === undefined ? {} : { lastFailedAt: timestampOf(failedAt) }),
    ...(since === undefined ? {} : { detachedSince: timestampOf(since) }),
    tokens: tokenMessages(tokens, now),
  });
}

export function policyMessage(policy: Policy, version: number): PolicyMessage {
  return PolicyMessage.create({ version, documentJson: policyJson(policy), advice: adviceOn(policy) });
}

export function changeMessage(change: Change, now: UnixMs): ChangeMessage {
  const { changeId, tenantId, action, level, needed, requestedBy, requestedAt, expiresAt } = change;
  return ChangeMessage.create({
    ...{ changeId, tenantId, requestedBy },
    action: actionMessage(action),
    lines: lineMessages(renderFields(Kind.ADMIN, change.fields)),
    state: ChangeState[standingOf(change, now)],
    level: LEVEL[level],
    approvalsNeeded: needed,
    approvals: change.approvals.map(({ adminId, txId, at }) =>
      ApprovalMessage.create({ adminId, transactionId: txId, approvedAt: timestampOf(at) }),
    ),
    requestedAt: timestampOf(requestedAt),
    expiresAt: timestampOf(expiresAt),
    rejectedBy: change.rejectedBy ?? "",
    failure: change.failure ?? "",
    detail: change.detail ?? "",
    createdId: createdIdOf(action),
  });
}

function createdIdOf(action: AdminAction): string {
  if (action.type === "create_tenant") return action.newTenantId;
  if (action.type === "create_app") return action.appId;
  return action.type === "create_bot" ? action.botId : "";
}

function actionMessage(action: AdminAction): Action {
  return Action.create({ what: whatOf(action) });
}

function whatOf(action: AdminAction): NonNullable<Action["what"]> {
  switch (action.type) {
    case "create_tenant":
      return { $case: "createTenant", value: { name: action.name, issuer: action.issuer } };
    case "create_app": {
      const { name, scope, token } = action;
      return { $case: "createApp", value: { name, scope: SCOPE_MESSAGE[scope], tokenSha256: bytesOf(token) } };
    }
    case "create_bot": {
      const { name, platform, token } = action;
      return { $case: "createBot", value: { name, platform, tokenSha256: bytesOf(token) } };
    }
    case "add_token":
      return { $case: "addToken", value: addTokenMessage(action) };
    case "enable_app":
      return { $case: "enableApp", value: { appId: action.appId } };
    case "enable_bot":
      return { $case: "enableBot", value: { botId: action.botId } };
    case "resume_bot":
      return { $case: "resumeBot", value: { botId: action.botId } };
    case "set_policy": {
      const { policy, expectedVersion } = action;
      return { $case: "setPolicy", value: { documentJson: policyJson(policy), expectedVersion } };
    }
    case "resume_user":
      return { $case: "resumeUser", value: { userId: action.userId } };
    case "thaw_user":
      return { $case: "thawUser", value: { userId: action.userId } };
    case "confirm_key":
      return { $case: "confirmKey", value: { keyId: action.keyId, fingerprint: action.fingerprint } };
    case "create_admin": {
      const { adminId, role, adminTenantId: tenantId, invitation } = action;
      const value = { adminId, role: ROLE_MESSAGE[role], tenantId, invitationSha256: bytesOf(invitation) };
      return { $case: "createAdmin", value };
    }
    case "enable_admin":
      return { $case: "enableAdmin", value: { adminId: action.adminId } };
    case "recover_user":
      return { $case: "recoverUser", value: { userId: action.userId, reason: action.reason } };
    case "recover_admin": {
      const { adminId, invitation } = action;
      return { $case: "recoverAdmin", value: { adminId, invitationSha256: bytesOf(invitation) } };
    }
  }
}

function addTokenMessage({ holder, token, overlapMs }: Extract<AdminAction, { type: "add_token" }>) {
  const overlap =
    overlapMs === undefined
      ? undefined
      : { seconds: BigInt(Math.floor(overlapMs / 1000)), nanos: (overlapMs % 1000) * 1_000_000 };
  return { holder: holderMessage(holder), tokenSha256: bytesOf(token), overlap };
}

function holderMessage({ kind, id: value }: Extract<AdminAction, { type: "add_token" }>["holder"]) {
  switch (kind) {
    case "app":
      return { $case: "appId", value } as const;
    case "bot":
      return { $case: "botId", value } as const;
    case "admin":
      return { $case: "adminId", value } as const;
  }
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

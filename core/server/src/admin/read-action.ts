// From the wire to what is to be done: form alone, nothing is looked up.
import type { Action, AddToken } from "@countersign/proto/node/admin/v1/admin_service";
import { AppScope, Role as RoleMessage } from "@countersign/proto/node/admin/v1/admin_service";
import { isPlatform, PLATFORM_TRAITS } from "../delivery/platform-trait.ts";
import { checkUserId } from "../identity/user-name.ts";
import { parsePolicy, PolicyError } from "../policy/policy-document.ts";
import type { Policy } from "../policy/policy.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import { checkDetail } from "../transaction/check-detail.ts";
import { millisecondsOf } from "../transaction/read-create.ts";
import type { Role } from "./admin.ts";
import type { AdminAction, HolderRef } from "./change.ts";
import { readTokenHash } from "./token-entity.ts";

type What = NonNullable<Action["what"]>;
type Value<C extends What["$case"]> = Extract<What, { $case: C }>["value"];

/** `newId`: drawn for what is made, the same for a repeated request. */
export function readAction(action: Action | undefined, newId: HexId): AdminAction | Refusal {
  const what = action?.what;
  if (what === undefined) return badInput("action.what", "exactly one is required");
  switch (what.$case) {
    case "createTenant":
      return { type: "create_tenant", newTenantId: newId, name: what.value.name, issuer: what.value.issuer };
    case "createApp":
      return readCreateApp(what.value, newId);
    case "createBot":
      return readCreateBot(what.value, newId);
    case "addToken":
      return readAddToken(what.value);
    case "enableApp":
      return { type: "enable_app", appId: what.value.appId };
    case "enableBot":
      return { type: "enable_bot", botId: what.value.botId };
    case "resumeBot":
      return { type: "resume_bot", botId: what.value.botId };
    case "setPolicy":
      return readSetPolicy(what.value);
    case "resumeUser":
      return { type: "resume_user", userId: what.value.userId };
    case "thawUser":
      return { type: "thaw_user", userId: what.value.userId };
    case "confirmKey":
      return readConfirmKey(what.value);
    case "createAdmin":
      return readCreateAdmin(what.value);
    case "enableAdmin":
      return { type: "enable_admin", adminId: what.value.adminId };
    case "recoverUser":
      return readRecoverUser(what.value);
    case "recoverAdmin":
      return readRecoverAdmin(what.value);
  }
}

/** Also the name of a token's file, hence the narrow alphabet. */
const PROGRAM_NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

function checkProgramName(name: string, field: string): Refusal | undefined {
  return PROGRAM_NAME.test(name) ? undefined : badInput(field, "must be 1 to 32 of a-z, 0-9 and -, not at its ends");
}

function readCreateApp({ name, scope, tokenSha256 }: Value<"createApp">, appId: HexId): AdminAction | Refusal {
  const token = readTokenHash(tokenSha256, "action.create_app.token_sha256");
  const bad = checkProgramName(name, "action.create_app.name") ?? (isRefusal(token) ? token : undefined);
  if (bad !== undefined || isRefusal(token)) return bad ?? (token as Refusal);
  if (scope === AppScope.SUBMIT) return { type: "create_app", appId, name, scope: "submit", token };
  if (scope === AppScope.EXECUTE) return { type: "create_app", appId, name, scope: "execute", token };
  return badInput("action.create_app.scope", "must be SUBMIT or EXECUTE");
}

function readCreateBot({ name, platform, tokenSha256 }: Value<"createBot">, botId: HexId): AdminAction | Refusal {
  const bad = checkProgramName(name, "action.create_bot.name");
  if (bad !== undefined) return bad;
  if (!isPlatform(platform)) {
    return badInput("action.create_bot.platform", `must be one of ${Object.keys(PLATFORM_TRAITS).join(", ")}`);
  }
  const token = readTokenHash(tokenSha256, "action.create_bot.token_sha256");
  return isRefusal(token) ? token : { type: "create_bot", botId, name, platform, token };
}

const LONGEST_OVERLAP_MS = 30 * 24 * 3_600_000;

function readAddToken({ holder, tokenSha256, overlap }: AddToken): AdminAction | Refusal {
  const token = readTokenHash(tokenSha256, "action.add_token.token_sha256");
  if (isRefusal(token)) return token;
  const ref = readHolder(holder);
  if (ref === undefined) return badInput("action.add_token.holder", "exactly one is required");
  const overlapMs = overlap === undefined ? undefined : overlapOf(overlap);
  return isRefusal(overlapMs) ? overlapMs : { type: "add_token", holder: ref, token, overlapMs };
}

function overlapOf({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): number | Refusal {
  if (seconds === 0n && nanos === 0) return 0;
  const field = "action.add_token.overlap";
  // Short ones are read as everywhere else, longer ones by whole days.
  if (seconds < 7n * 86_400n) return millisecondsOf({ seconds, nanos }, field);
  const ms = Number(seconds) * 1000;
  return ms > LONGEST_OVERLAP_MS ? badInput(field, "must be at most 30 days") : ms;
}

/** Who holds a token, wherever a request names him. */
export function readHolder(holder: AddToken["holder"]): HolderRef | undefined {
  switch (holder?.$case) {
    case "appId":
      return { kind: "app", id: holder.value };
    case "botId":
      return { kind: "bot", id: holder.value };
    case "adminId":
      return { kind: "admin", id: holder.value };
    case undefined:
      return undefined;
  }
}

function readSetPolicy({ documentJson, expectedVersion }: Value<"setPolicy">): AdminAction | Refusal {
  const policy = readDocument(documentJson, "action.set_policy.document_json");
  return isRefusal(policy) ? policy : { type: "set_policy", policy, expectedVersion };
}

/** A policy document; a refusal names each member and its rule. */
export function readDocument(text: string, field: string): Policy | Refusal {
  try {
    return parsePolicy(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return badInput(field, "is no JSON");
    if (!(error instanceof PolicyError)) throw error;
    const refusal = badInput(field, error.message);
    return { ...refusal, violations: error.issues.map((description) => ({ field, description })) };
  }
}

function readConfirmKey({ keyId, fingerprint }: Value<"confirmKey">): AdminAction | Refusal {
  const plain = fingerprint.replaceAll(/\s/g, "").toUpperCase();
  if (!/^[0-9A-F]{16}$/.test(plain)) {
    return badInput("action.confirm_key.fingerprint", "must be 16 hexadecimal digits, as the key's display shows them");
  }
  return { type: "confirm_key", keyId, fingerprint: plain };
}

function readRecoverUser({ userId, reason }: Value<"recoverUser">): AdminAction | Refusal {
  return checkDetail(reason, "action.recover_user.reason") ?? { type: "recover_user", userId, reason };
}

function readRecoverAdmin({ adminId, invitationSha256 }: Value<"recoverAdmin">): AdminAction | Refusal {
  const invitation = readTokenHash(invitationSha256, "action.recover_admin.invitation_sha256");
  return isRefusal(invitation) ? invitation : { type: "recover_admin", adminId, invitation };
}

const ROLE: ReadonlyMap<number, Role> = new Map<number, Role>([
  [RoleMessage.OWNER, "owner"],
  [RoleMessage.ADMIN, "admin"],
  [RoleMessage.OPERATOR, "operator"],
  [RoleMessage.AUDITOR, "auditor"],
]);

function readCreateAdmin(value: Value<"createAdmin">): AdminAction | Refusal {
  const { adminId, tenantId: adminTenantId } = value;
  if (checkUserId(adminId) !== undefined) {
    return badInput("action.create_admin.admin_id", "must be 1 to 64 of A-Z a-z 0-9 . _ @ + -");
  }
  const role = ROLE.get(value.role);
  if (role === undefined) return badInput("action.create_admin.role", "must be OWNER, ADMIN, OPERATOR or AUDITOR");
  const invitation = readTokenHash(value.invitationSha256, "action.create_admin.invitation_sha256");
  if (isRefusal(invitation)) return invitation;
  const field = "action.create_admin.tenant_id";
  if (role === "owner" && adminTenantId !== "")
    return badInput(field, "must be empty: an owner is of the installation");
  if (role === "admin" && adminTenantId === "") return badInput(field, "is required: an admin is of one tenant");
  if (adminTenantId !== "" && !/^[0-9a-f]{32}$/.test(adminTenantId))
    return badInput(field, "must be 32 hexadecimal digits");
  return { type: "create_admin", adminId, role, adminTenantId, invitation };
}

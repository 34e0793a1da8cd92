import type { Metadata } from "@grpc/grpc-js";
import type { Admin } from "../admin/admin.ts";
import type { CoreGiven } from "../given.ts";
import { sessionStands } from "../admin/session.ts";
import { directoryOf } from "../identity/directory.ts";
import { administrationKey, adminKey, appKey, botKey, grantKey, tokenKey, userKey } from "../identity/entity-key.ts";
import { endOfToken } from "../identity/held-token.ts";
import type { TokenHolder } from "../identity/tenant.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD } from "../store/entity.ts";
import type { Caller } from "./caller.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { openDerivedToken, tokenId } from "./token.ts";

const unauthenticated = refuse("UNAUTHENTICATED", "authorization: this token is not valid. Ask your administrator.");

/** Bearer token → caller. undefined: no token was given. All that is wrong with a token has one answer. */
export async function authenticate(given: CoreGiven, metadata: Metadata): Promise<Caller | undefined | Refusal> {
  const values = metadata.get("authorization");
  if (values.length === 0) return undefined;
  const [value] = values;
  if (values.length > 1 || typeof value !== "string") return unauthenticated;
  const token = /^bearer (cs_[a-z]+_[A-Za-z0-9_-]{22,128})$/i.exec(value)?.[1];
  if (token === undefined) return unauthenticated;
  if (token.startsWith("cs_conf_")) return confirmation(given, token);
  if (token.startsWith("cs_grant_")) return grant(given, token);
  return holder(given, token);
}

function confirmation(given: CoreGiven, token: string): Caller | Refusal {
  const txId = openDerivedToken(given.secrets, "confirmation", token);
  return txId === undefined ? unauthenticated : { kind: "confirmation", txId };
}

async function grant(given: CoreGiven, token: string): Promise<Caller | Refusal> {
  const grantId = openDerivedToken(given.secrets, "grant", token);
  if (grantId === undefined) return unauthenticated;
  const held = await directoryOf(given.store).get(grantKey(grantId));
  if (held === undefined || held.until < given.store.now()) return unauthenticated;
  const { tenantId, userId, kinds } = held;
  return { kind: "grant", tenantId, userId, grantId, kinds };
}

async function holder(given: CoreGiven, token: string): Promise<Caller | Refusal> {
  const id = tokenId(token);
  const found = await directoryOf(given.store).get(tokenKey(id));
  if (found === undefined) return unauthenticated;
  const caller = await callerBy(given, id, found);
  return caller ?? unauthenticated;
}

/** Who holds the token decides whether it still counts. */
function callerBy(given: CoreGiven, id: string, found: TokenHolder): Promise<Caller | Refusal | undefined> {
  switch (found.kind) {
    case "app":
      return appBy(given, id, found);
    case "bot":
      return botBy(given, id, found);
    case "admin":
      return adminBy(given, id, found.adminId);
    case "invitation":
      return invitedBy(given, id, found.adminId);
  }
}

async function appBy(
  given: CoreGiven,
  id: string,
  { tenantId, appId, listed }: Extract<TokenHolder, { kind: "app" }>,
): Promise<Caller | undefined> {
  const app = await directoryOf(given.store).get(appKey(tenantId, appId));
  if (app === undefined || app.disabled) return undefined;
  const end = endOfToken(app.tokens, { id, listed }, given.store.now());
  return end && { kind: "app", tenantId, appId, scope: app.scope, ...end };
}

async function botBy(
  given: CoreGiven,
  id: string,
  { tenantId, botId, listed }: Extract<TokenHolder, { kind: "bot" }>,
): Promise<Caller | Refusal | undefined> {
  const bot = await directoryOf(given.store).get(botKey(tenantId, botId));
  if (bot === undefined || bot.disabled) return undefined;
  const end = endOfToken(bot.tokens, { id, listed }, given.store.now());
  if (end === undefined) return undefined;
  if (bot.platform === "sandbox" && !given.development) {
    return refuse("NOT_ALLOWED", "sandbox bots are refused unless the core runs with --development");
  }
  return { kind: "bot", tenantId, botId, platform: bot.platform, ...end };
}

async function adminBy(given: CoreGiven, id: string, adminId: string): Promise<Caller | undefined> {
  const admin = await directoryOf(given.store).get(adminKey(adminId));
  if (admin?.state !== "ACTIVE") return undefined;
  const end = endOfToken(admin.tokens, { id }, given.store.now());
  if (end === undefined || !(await standsWithUser(given, admin, id))) return undefined;
  return { kind: "admin", adminId, role: admin.role, tenantId: admin.tenantId, ...end };
}

/** His user is read anew each time: whoever stops him, by RPC, chat or wrong codes, writes the user alone. */
async function standsWithUser({ store }: CoreGiven, { adminId, tokens }: Admin, id: string): Promise<boolean> {
  const token = tokens.listed.find((one) => one.id === id);
  if (token?.session !== true) return true;
  const { entities } = await store.load(ADMINISTRATION_SHARD, userKey(ADMINISTRATION, adminId));
  return sessionStands(token, entities[0].body);
}

/** Also for a while after it was used, so that a Claim whose answer was lost can be repeated. */
async function invitedBy(given: CoreGiven, id: string, adminId: string): Promise<Caller | undefined> {
  const directory = directoryOf(given.store);
  if (adminId === "") {
    const administration = await directory.get(administrationKey);
    return administration?.invitation === id ? { kind: "invitation", adminId, invitation: id } : undefined;
  }
  const admin = await directory.get(adminKey(adminId));
  const isOpen = admin?.invitation?.id === id && given.store.now() < admin.invitation.until;
  return isOpen && admin.state !== "DISABLED" ? { kind: "invitation", adminId, invitation: id } : undefined;
}

// What stops or tightens: at once, audited with before and after. Repeating any of it changes nothing.
import type {
  AdminServiceCancelTransactionRequest,
  AdminServiceRevokeLinkRequest,
  AdminServiceRevokeTokenRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { clearChat } from "../channel/withdraw-code.ts";
import type { CoreGiven } from "../given.ts";
import { changeUser, type UserChange } from "../identity/change-user.ts";
import { adminKey, appKey, botKey, linkKey, userKey } from "../identity/entity-key.ts";
import { withoutToken, type HeldTokens } from "../identity/held-token.ts";
import { changeLink } from "../identity/change-link.ts";
import { unlinked } from "../identity/link-action.ts";
import type { Link } from "../identity/link.ts";
import { loadLink, loadLinks } from "../identity/load-links.ts";
import { freeze, suspended } from "../identity/stop-user.ts";
import type { App, Bot, StoppedBy } from "../identity/tenant.ts";
import { isUnclaimed } from "../identity/link-index.ts";
import type { User } from "../identity/user.ts";
import { actorOf, type AdminCaller } from "../rpc/caller.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION_SHARD, shardOfTransaction, shardOfUser, type HexId, type UnixMs } from "../store/entity.ts";
import { checkDetail } from "../transaction/check-detail.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { happen, unknownTransaction } from "../transaction/happen.ts";
import { isTxId, transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { unknown } from "./action-rule.ts";
import { hasPart, type Admin } from "./admin.ts";
import { setAdminState } from "./admin-state.ts";
import { changeDirectory, type By, type DirectoryChange } from "./change-directory.ts";
import { loadApp, loadBot } from "./program-rules.ts";
import { readHolder } from "./read-action.ts";
import { readTokenHash } from "./token-entity.ts";

const HEX_ID = /^[0-9a-f]{32}$/;

export function byOf(caller: AdminCaller): By {
  return { actor: actorOf(caller), detail: {} };
}

export async function disableApp(
  given: CoreGiven,
  caller: AdminCaller,
  tenantId: HexId,
  appId: string,
): Promise<App | Refusal> {
  if (!HEX_ID.test(appId)) return unknown("app_id");
  return changeDirectory(given, { key: appKey(tenantId, appId), tenant: tenantId }, byOf(caller), (app, disabledAt) => {
    if (app === undefined) return unknown("app_id");
    if (app.disabled) return "same";
    return {
      body: { ...app, disabled: true, disabledAt },
      event: "app.disabled",
      before: "enabled",
      after: "disabled",
    };
  });
}

export function disableBot(
  given: CoreGiven,
  caller: AdminCaller,
  tenantId: HexId,
  botId: string,
): Promise<Bot | Refusal> {
  return stopBot(given, caller, { tenantId, botId }, (bot, disabledBy) =>
    bot.disabled
      ? "same"
      : { body: { ...bot, disabled: true, disabledBy }, event: "bot.disabled", before: "enabled", after: "disabled" },
  );
}

export function pauseBot(
  given: CoreGiven,
  caller: AdminCaller,
  tenantId: HexId,
  botId: string,
): Promise<Bot | Refusal> {
  return stopBot(given, caller, { tenantId, botId }, (bot, pausedBy) =>
    bot.paused === true
      ? "same"
      : { body: { ...bot, paused: true, pausedBy }, event: "bot.paused", before: "running", after: "paused" },
  );
}

async function stopBot(
  given: CoreGiven,
  caller: AdminCaller,
  { tenantId, botId }: { readonly tenantId: HexId; readonly botId: string },
  stop: (bot: Bot, by: StoppedBy) => DirectoryChange<"bot"> | "same",
): Promise<Bot | Refusal> {
  if (!HEX_ID.test(botId)) return unknown("bot_id");
  return changeDirectory(given, { key: botKey(tenantId, botId), tenant: tenantId }, byOf(caller), (bot, at) =>
    bot === undefined ? unknown("bot_id") : stop(bot, { actor: actorOf(caller), at }),
  );
}

/** An owner everybody, an admin those of his tenant, everybody himself. */
export async function disableAdmin(given: CoreGiven, caller: AdminCaller, adminId: string): Promise<Admin | Refusal> {
  const admin = await loadAdmin(given, caller, adminId);
  return isRefusal(admin) ? admin : setAdminState(given, adminId, "disabled", byOf(caller));
}

async function loadAdmin(given: CoreGiven, caller: AdminCaller, adminId: string): Promise<Admin | Refusal> {
  if (!/^[A-Za-z0-9._@+-]{1,64}$/.test(adminId)) return unknown("admin_id");
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, adminKey(adminId));
  const admin = entities[0].body;
  if (admin === undefined) return unknown("admin_id");
  if (caller.adminId === adminId || caller.role === "owner") return admin;
  if (!hasPart(caller, admin.tenantId)) return unknown("admin_id");
  return caller.role === "admin"
    ? admin
    : refuse("NOT_ALLOWED", "admin_id: an operator stops nobody but himself here.");
}

/** Of an app or bot of the tenant, or of an administrator. */
export async function revokeToken(
  given: CoreGiven,
  caller: AdminCaller,
  tenant: () => Promise<HexId | Refusal>,
  request: AdminServiceRevokeTokenRequest,
): Promise<HeldTokens | Refusal> {
  const { tokenSha256 } = request;
  if (tokenSha256 !== "" && !/^[0-9a-f]{64}$/.test(tokenSha256)) {
    return badInput("token_sha256", "must be 64 hexadecimal digits, or empty for all");
  }
  const holder = readHolder(request.holder);
  if (holder === undefined) return badInput("holder", "exactly one is required");
  const id = tokenSha256 === "" ? undefined : tokenSha256;
  if (holder.kind === "admin") return revokeOfAdmin(given, caller, holder.id, id);
  const tenantId = await tenant();
  if (isRefusal(tenantId)) return tenantId;
  const by = byOf(caller);
  const field = `${holder.kind}_id`;
  const found =
    holder.kind === "app" ? await loadApp(given, tenantId, holder.id) : await loadBot(given, tenantId, holder.id);
  if (found === undefined) return unknown(field);
  const drop = dropToken(id);
  const after =
    holder.kind === "app"
      ? await changeDirectory(given, { key: appKey(tenantId, holder.id), tenant: tenantId }, by, (app) =>
          app === undefined ? unknown(field) : drop(app),
        )
      : await changeDirectory(given, { key: botKey(tenantId, holder.id), tenant: tenantId }, by, (bot) =>
          bot === undefined ? unknown(field) : drop(bot),
        );
  return isRefusal(after) ? after : (after.tokens ?? { listed: [] });
}

/** Of whoever calls, of any role: the end of his session. */
export async function endOwnToken(
  given: CoreGiven,
  caller: AdminCaller,
  tokenSha256: Uint8Array,
): Promise<HeldTokens | Refusal> {
  const id = readTokenHash(tokenSha256, "token_sha256");
  return isRefusal(id) ? id : revokeOfAdmin(given, caller, caller.adminId, id);
}

async function revokeOfAdmin(
  given: CoreGiven,
  caller: AdminCaller,
  adminId: string,
  id: string | undefined,
): Promise<HeldTokens | Refusal> {
  const admin = await loadAdmin(given, caller, adminId);
  if (isRefusal(admin)) return admin;
  const drop = dropToken(id);
  const of = { key: adminKey(adminId), tenant: admin.tenantId };
  const after = await changeDirectory(given, of, byOf(caller), (held) =>
    held === undefined ? unknown("admin_id") : drop(held),
  );
  return isRefusal(after) ? after : after.tokens;
}

function dropToken(id: string | undefined) {
  return <B extends { readonly tokens?: HeldTokens }>(body: B) => {
    const tokens = withoutToken(body.tokens, id);
    const isSame =
      id === undefined
        ? body.tokens !== undefined && body.tokens.listed.length === 0 && body.tokens.unlistedUntil === undefined
        : !body.tokens?.listed.some((one) => one.id === id);
    if (isSame) return "same" as const;
    return { body: { ...body, tokens }, event: "token.revoked", before: toldOf(body.tokens), after: toldOf(tokens) };
  };
}

function toldOf(held: HeldTokens | undefined): string {
  return held === undefined ? "not listed" : `${held.listed.length} listed`;
}

export function suspendUser(
  given: CoreGiven,
  caller: AdminCaller,
  tenantId: HexId,
  userId: string,
): Promise<User | Refusal> {
  return stopUser(given, caller, { tenantId, userId }, suspended);
}

export function freezeUser(
  given: CoreGiven,
  caller: AdminCaller,
  tenantId: HexId,
  userId: string,
): Promise<User | Refusal> {
  return stopUser(given, caller, { tenantId, userId }, freeze);
}

function stopUser(
  given: CoreGiven,
  caller: AdminCaller,
  name: { readonly tenantId: HexId; readonly userId: string },
  stop: (user: User, now: UnixMs) => UserChange | User | Refusal,
): Promise<User | Refusal> {
  return changeUser(given, name, actorOf(caller), (user, now) => {
    const after = stop(user, now);
    if (isRefusal(after) || !("event" in after)) return after;
    return { ...after, detail: { before: user.state, after: after.user.state } };
  });
}

/** The user's channels that are left. A chat that was not linked yet becomes none. */
export async function revokeLink(
  given: CoreGiven,
  caller: AdminCaller,
  tenantId: HexId,
  { userId, linkId }: AdminServiceRevokeLinkRequest,
): Promise<readonly Link[] | Refusal> {
  const name = { tenantId, userId };
  const before = await loadLinks(given, name);
  if (isRefusal(before)) return before;
  const link = await loadLink(given, name, linkId);
  if (isRefusal(link)) return link;
  const actor = actorOf(caller);
  if (isUnclaimed(link) || link.state === "CLAIMED") {
    await changeLink(given, link, { actor, event: "link.refused" }, (held) =>
      held.state === "WAITING" || held.state === "CLAIMED"
        ? { ...held, state: "FAILED", failure: "REVOKED" }
        : undefined,
    );
    return before;
  }
  const left = await leave(given, link, actor);
  if (isRefusal(left)) return left;
  await clearChat(given, link, actor);
  return loadLinks(given, name);
}

function leave(given: CoreGiven, { tenantId, userId, linkId, state }: Link, actor: string): Promise<true | Refusal> {
  const shard = shardOfUser(tenantId, userId);
  return untilSettled(async () => {
    const user = (await given.store.load(shard, userKey(tenantId, userId))).entities[0].body;
    const others = (user?.linkIds ?? []).filter((id) => id !== linkId).map((id) => linkKey(tenantId, id));
    const { entities, epoch, now } = await given.store.load(
      shard,
      userKey(tenantId, userId),
      linkKey(tenantId, linkId),
      ...others,
    );
    const [held, loaded, ...rest] = entities;
    if (held.body === undefined || loaded.body === undefined) return true;
    const links = { user: held, links: [loaded, ...rest] };
    const writes = unlinked(links, loaded, loaded.body, held.body, `revoked\0${linkId}`, now);
    if (writes.length === 0) return true;
    const detail = { link: linkId, before: state, after: "UNLINKED" };
    const audit = [{ event: "link.unlinked", tenant: tenantId, actor, subject: `user:${userId}`, detail }] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes, audit });
    return outcome === "committed" ? true : undefined;
  });
}

/** Another tenant's transaction reads as unknown. */
export async function loadTransaction(
  { store }: CoreGiven,
  tenantId: HexId,
  txId: string,
): Promise<Transaction | Refusal> {
  if (!isTxId(txId)) return unknownTransaction;
  const { entities } = await store.load(shardOfTransaction(txId), transactionKey(txId));
  return entities[0].body?.tenantId === tenantId ? entities[0].body : unknownTransaction;
}

export async function cancelTransaction(
  given: CoreGiven,
  caller: AdminCaller,
  tenantId: HexId,
  { transactionId, reason }: AdminServiceCancelTransactionRequest,
): Promise<Transaction | Refusal> {
  const bad = reason === "" ? badInput("reason", "is required: the user is told why") : checkDetail(reason, "reason");
  if (bad !== undefined) return bad;
  const found = await loadTransaction(given, tenantId, transactionId);
  if (isRefusal(found)) return found;
  return happen(given, found.txId, { type: "cancelled", by: "admin", detail: reason }, actorOf(caller));
}

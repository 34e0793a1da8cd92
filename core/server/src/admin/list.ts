// Lists of what there are hundreds of: all of it is read, in the order of names.
import {
  AdminState,
  Role as RoleMessage,
  type Admin as AdminMessage,
  type AdminServiceListAdminsRequest,
  type AdminServiceListAppsRequest,
  type AdminServiceListBotsRequest,
  type AdminServiceListChangesRequest,
  type AdminServiceListKeysRequest,
  type AdminServiceListLinksRequest,
  type AdminServiceListTenantsRequest,
  type App as AppMessage,
  type Bot as BotMessage,
  type Change as ChangeMessage,
  type Tenant as TenantMessage,
} from "@countersign/proto/node/admin/v1/admin_service";
import { AppScope, ChangeState } from "@countersign/proto/node/admin/v1/admin_service";
import { KeyState, type Key as KeyMessage, type Recovery } from "@countersign/proto/node/core/v1/key_service";
import type { Channel } from "@countersign/proto/node/core/v1/link_service";
import { leaseKey } from "../channel/lease.ts";
import type { CoreGiven } from "../given.ts";
import { loadUser } from "../identity/change-user.ts";
import { keyMessage } from "../identity/key-message.ts";
import { channelMessage } from "../identity/link-message.ts";
import { loadKeys } from "../identity/load-keys.ts";
import { loadLinks } from "../identity/load-links.ts";
import { liveRecoveries } from "../identity/recover.ts";
import type { Bot } from "../identity/tenant.ts";
import type { AdminCaller } from "../rpc/caller.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION_SHARD, shardOfKey, type HexId } from "../store/entity.ts";
import {
  adminMessage,
  appMessage,
  botMessage,
  changeMessage,
  ROLE_MESSAGE,
  SCOPE_MESSAGE,
  tenantMessage,
} from "./admin-message.ts";
import { hasPart, type Admin } from "./admin.ts";
import { CHANGES } from "./approval.ts";
import { standingOf } from "./change.ts";
import { ADMINS } from "./change-directory.ts";
import { tenantsLately } from "./every-owned.ts";
import { programsOf } from "./list-programs.ts";
import { maySee } from "./load-change.ts";
import { numberAfter, pageByName, readPage, type PageOf } from "./page.ts";
import { tenantOf } from "./tenant-of.ts";

type Told<T> = Promise<PageOf<T> | Refusal>;

export async function listAdmins(
  given: CoreGiven,
  caller: AdminCaller,
  request: AdminServiceListAdminsRequest,
): Told<AdminMessage> {
  const { tenantId: asked, state, role } = request;
  const tenant = asked === "" ? undefined : await tenantOf(given, caller, asked);
  if (isRefusal(tenant)) return tenant;
  const admins = (await everyAdmin(given))
    .filter((admin) => hasPart(caller, admin.tenantId) || admin.adminId === caller.adminId)
    .filter((admin) => tenant === undefined || admin.tenantId === tenant.tenantId)
    .filter((admin) => state === AdminState.UNSPECIFIED || AdminState[admin.state] === state)
    .filter((admin) => role === RoleMessage.UNSPECIFIED || ROLE_MESSAGE[admin.role] === role);
  const page = pageByName(admins, ({ adminId }) => adminId, request, ["admins", asked, state, role]);
  return told(page, (admin) => adminMessage(admin, given.store.now()));
}

export async function everyAdmin({ store }: CoreGiven): Promise<Admin[]> {
  const keys = await store.list(ADMINISTRATION_SHARD, "admin", ADMINS, { tenant: "", limit: 10_000 });
  if (keys.length === 0) return [];
  const { entities } = await store.load(ADMINISTRATION_SHARD, ...keys);
  return entities.flatMap(({ body }) => (body === undefined ? [] : [body]));
}

export async function listTenants(
  given: CoreGiven,
  caller: AdminCaller,
  request: AdminServiceListTenantsRequest,
): Told<TenantMessage> {
  const wanted = request.nameContains.toLowerCase();
  const tenants = (await tenantsLately(given))
    .filter(({ tenantId }) => hasPart(caller, tenantId))
    .filter(({ name, issuer }) => name.toLowerCase().includes(wanted) || issuer.toLowerCase().includes(wanted));
  return told(
    pageByName(tenants, ({ name, tenantId }) => `${name}\0${tenantId}`, request, ["tenants", wanted]),
    tenantMessage,
  );
}

export async function listApps(
  given: CoreGiven,
  tenantId: HexId,
  request: AdminServiceListAppsRequest,
): Told<AppMessage> {
  const { nameContains, scope, includeDisabled } = request;
  const apps = (await programsOf(given, "app", tenantId))
    .filter(({ name }) => name.includes(nameContains))
    .filter((app) => scope === AppScope.UNSPECIFIED || SCOPE_MESSAGE[app.scope] === scope)
    .filter(({ disabled }) => includeDisabled || !disabled);
  const filters = ["apps", tenantId, nameContains, scope, includeDisabled];
  return told(
    pageByName(apps, ({ name, appId }) => `${name}\0${appId}`, request, filters),
    (app) => appMessage(app, given.store.now()),
  );
}

export async function listBots(
  given: CoreGiven,
  tenantId: HexId,
  request: AdminServiceListBotsRequest,
): Told<BotMessage> {
  const { nameContains, platform, includeDisabled } = request;
  const bots = (await programsOf(given, "bot", tenantId))
    .filter(({ name }) => name.includes(nameContains))
    .filter((bot) => platform === "" || bot.platform === platform)
    .filter(({ disabled }) => includeDisabled || !disabled);
  const filters = ["bots", tenantId, nameContains, platform, includeDisabled];
  const page = pageByName(bots, ({ name, botId }) => `${name}\0${botId}`, request, filters);
  if (isRefusal(page)) return page;
  return { ...page, items: await Promise.all(page.items.map((bot) => tellBot(given, bot))) };
}

const MOST_WAITING = 1000;

/** With how it is. */
export async function tellBot(given: CoreGiven, bot: Bot): Promise<BotMessage> {
  const key = leaseKey(bot);
  const { entities, now } = await given.store.load(shardOfKey(key), key);
  const waiting = (await given.store.lane(bot.botId, MOST_WAITING)).length;
  return botMessage(bot, { lease: entities[0].body, waiting }, now);
}

export async function listKeys(
  given: CoreGiven,
  tenantId: HexId,
  request: AdminServiceListKeysRequest,
): Promise<(PageOf<KeyMessage> & { readonly recoveries: Recovery[] }) | Refusal> {
  const { userId, state } = request;
  const user = await loadUser(given, { tenantId, userId });
  if (isRefusal(user)) return user;
  const keys = (await loadKeys(given, user, user.keyIds)).filter(
    (key) => state === KeyState.UNSPECIFIED || KeyState[key.state] === state,
  );
  const nameOf = ({ enrolledAt, keyId }: (typeof keys)[number]): string =>
    `${String(enrolledAt).padStart(16, "0")}.${keyId}`;
  const page = told(pageByName(keys, nameOf, request, ["keys", tenantId, userId, state]), keyMessage);
  return isRefusal(page) ? page : { ...page, recoveries: liveRecoveries(user, given.store.now()) };
}

export async function listLinks(
  given: CoreGiven,
  tenantId: HexId,
  request: AdminServiceListLinksRequest,
): Told<Channel> {
  const { userId, platform } = request;
  const links = await loadLinks(given, { tenantId, userId });
  if (isRefusal(links)) return links;
  const placed = links
    .map((link, place) => ({ link, place: String(place).padStart(4, "0") }))
    .filter(({ link }) => platform === "" || link.platform === platform);
  const page = pageByName(placed, ({ place }) => place, request, ["links", tenantId, userId, platform]);
  return told(page, ({ link }) => channelMessage(link));
}

/** Newest first; of what the caller may not see nothing shows, not even that a page is short. */
export async function listChanges(
  given: CoreGiven,
  caller: AdminCaller,
  request: AdminServiceListChangesRequest,
): Told<ChangeMessage> {
  const { tenantId: asked, states, requestedBy } = request;
  const tenant = asked === "" ? undefined : await tenantOf(given, caller, asked);
  if (isRefusal(tenant)) return tenant;
  const start = readPage(request, ["changes", asked, states, requestedBy]);
  if (isRefusal(start)) return start;
  const wanted = new Set(states);
  const found: ChangeMessage[] = [];
  const after = numberAfter(start);
  if (isRefusal(after)) return after;
  let before: number | undefined = after;
  for (;;) {
    const page = { tenant: "", limit: LOOKED_AT_ONCE, ...(before === undefined ? {} : { before }) };
    const keys = await given.store.list(ADMINISTRATION_SHARD, "change", CHANGES, page);
    const { entities } = keys.length === 0 ? { entities: [] } : await given.store.load(ADMINISTRATION_SHARD, ...keys);
    const changes = entities.flatMap(({ body }) => (body === undefined ? [] : [body]));
    for (const [i, change] of changes.entries()) {
      const message = changeMessage(change, given.store.now());
      const isWanted =
        (maySee(caller, change) || change.requestedBy === caller.adminId) &&
        (tenant === undefined || change.tenantId === tenant.tenantId) &&
        (requestedBy === "" || change.requestedBy === requestedBy) &&
        (wanted.size === 0 || wanted.has(ChangeState[standingOf(change, given.store.now())]));
      if (isWanted) found.push(message);
      // Never between two of one moment: the next page begins below it.
      const next = changes[i + 1];
      if (found.length >= start.limit && next !== undefined && next.requestedAt !== change.requestedAt) {
        return { items: found, nextPageToken: start.tokenFor(String(change.requestedAt)) };
      }
    }
    const last = changes.at(-1);
    if (last === undefined || keys.length < LOOKED_AT_ONCE) return { items: found, nextPageToken: "" };
    before = last.requestedAt;
  }
}

const LOOKED_AT_ONCE = 200;

function told<T, M>(page: PageOf<T> | Refusal, tell: (item: T) => M): PageOf<M> | Refusal {
  return isRefusal(page) ? page : { ...page, items: page.items.map(tell) };
}

// What people have at hand for an id: the id, its beginning, a name. One answer, or all that it could be.
import {
  AdminServiceListAppsRequest,
  AdminServiceListBotsRequest,
  AdminServiceListChangesRequest,
  AdminServiceListKeysRequest,
  AdminServiceListLinksRequest,
  AdminServiceListTenantsRequest,
  AdminServiceListTransactionsRequest,
  type App,
  type Bot,
  type Change,
} from "@countersign/proto/node/admin/v1/admin_service";
import type { Key } from "@countersign/proto/node/core/v1/key_service";
import type { Channel } from "@countersign/proto/node/core/v1/link_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { call } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { printable } from "../output/printable.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { every } from "./list.ts";

const WHOLE_ID = /^[0-9a-f]{32}$/;
/** Fewer digits of an id would fit too many. */
const SHORTEST_BEGINNING = 4;

export interface Named<T> {
  readonly what: string;
  readonly id: (one: T) => string;
  readonly names: (one: T) => readonly string[];
}

/** The id of a tenant by id, name or issuer; "" for the caller's own, or the only one there is. */
export async function tenantId(on: AdminGiven, wanted: string | undefined): Promise<string> {
  if (wanted === undefined || WHOLE_ID.test(wanted)) return wanted ?? "";
  const tenants = await every(async (page) => {
    const request = AdminServiceListTenantsRequest.create({ ...page });
    const answer = await call(on.admin.listTenants.bind(on.admin), request, on.core);
    return { items: answer.tenants, nextPageToken: answer.nextPageToken };
  });
  return only(tenants, wanted, {
    what: "tenant",
    id: (one) => one.tenantId,
    names: (one) => [one.name, one.issuer],
  }).tenantId;
}

/** Also a disabled one. A whole id is believed: a list that fails must not stand between an administrator and a stop. */
export async function appId(on: AdminGiven, tenant: string, wanted: string): Promise<string> {
  if (WHOLE_ID.test(wanted)) return wanted;
  return only(await appsOf(on, tenant), wanted, {
    what: "app",
    id: (one) => one.appId,
    names: ({ name }) => [name],
  }).appId;
}

export function appsOf(on: AdminGiven, tenant: string): Promise<App[]> {
  return every(async (page) => {
    const request = AdminServiceListAppsRequest.create({ tenantId: tenant, includeDisabled: true, ...page });
    const answer = await call(on.admin.listApps.bind(on.admin), request, on.core);
    return { items: answer.apps, nextPageToken: answer.nextPageToken };
  });
}

/** As appId. */
export async function botId(on: AdminGiven, tenant: string, wanted: string): Promise<string> {
  if (WHOLE_ID.test(wanted)) return wanted;
  return only(await botsOf(on, tenant), wanted, {
    what: "bot",
    id: (one) => one.botId,
    names: ({ name }) => [name],
  }).botId;
}

export function botsOf(on: AdminGiven, tenant: string): Promise<Bot[]> {
  return every(async (page) => {
    const request = AdminServiceListBotsRequest.create({ tenantId: tenant, includeDisabled: true, ...page });
    const answer = await call(on.admin.listBots.bind(on.admin), request, on.core);
    return { items: answer.bots, nextPageToken: answer.nextPageToken };
  });
}

/** A key of a user by id, beginning, name, serial or fingerprint. */
export async function keyId(on: AdminGiven, of: UserArgument, wanted: string): Promise<string> {
  if (WHOLE_ID.test(wanted)) return wanted;
  const named = { what: "key", id: (one: Key) => one.keyId, names: namesOfKey };
  return only(await keysOf(on, { ...of, userId: needUser(of.userId, "key") }), wanted, named).keyId;
}

const namesOfKey = ({ name, serial, fingerprint }: Key): readonly string[] => [name, serial, fingerprint];

export function keysOf(on: AdminGiven, of: { readonly tenantId: string; readonly userId: string }): Promise<Key[]> {
  return every(async (page) => {
    const request = AdminServiceListKeysRequest.create({ ...of, ...page });
    const answer = await call(on.admin.listKeys.bind(on.admin), request, on.core);
    return { items: answer.keys, nextPageToken: answer.nextPageToken };
  });
}

/** Where a user is looked for; without a name only whole ids will do. */
export interface UserArgument {
  readonly tenantId: string;
  readonly userId: string | undefined;
}

/** A channel of a user by id, beginning, platform, or the name that the platform tells. */
export async function linkId(on: AdminGiven, of: UserArgument, wanted: string): Promise<string> {
  if (WHOLE_ID.test(wanted)) return wanted;
  const { tenantId: tenant } = of;
  const userId = needUser(of.userId, "channel");
  const channels = await every(async (page) => {
    const request = AdminServiceListLinksRequest.create({ tenantId: tenant, userId, ...page });
    const answer = await call(on.admin.listLinks.bind(on.admin), request, on.core);
    return { items: answer.channels, nextPageToken: answer.nextPageToken };
  });
  return only(channels, wanted, { what: "channel", id: (one) => one.linkId, names: namesOfChannel }).linkId;
}

const namesOfChannel = ({ platform, peerName, peerId }: Channel): readonly string[] => [platform, peerName, peerId];

/** A transaction by id, beginning, or tag (`AMBER TIGER`, also written amber-tiger). */
export async function transactionId(on: AdminGiven, tenant: string, wanted: string): Promise<string> {
  if (WHOLE_ID.test(wanted)) return wanted;
  const words = wanted.toUpperCase().replaceAll("-", " ");
  const tag = /^[A-Z]{2,12} [A-Z]{2,12}$/.test(words) ? words : "";
  if (tag === "" && !isBeginning(wanted)) {
    throw refused(`"${printable(wanted)}": expected the id of a transaction, its beginning, or its tag (two words)`);
  }
  const found = await every(async (page) => {
    const transactionIdPrefix = tag === "" ? wanted.toLowerCase() : "";
    const filter = { tenantId: tenant, tag, transactionIdPrefix };
    const request = AdminServiceListTransactionsRequest.create({ ...filter, ...page });
    const answer = await call(on.admin.listTransactions.bind(on.admin), request, on.core);
    return { items: answer.transactions, nextPageToken: answer.nextPageToken };
  });
  const named = { what: "transaction", id: (one: Transaction) => one.transactionId, names: tagOf };
  return only(found, tag === "" ? wanted : tag, named).transactionId;
}

const tagOf = ({ tag }: Transaction): readonly string[] => [tag];

/** A change by id or its beginning. */
export async function changeId(on: AdminGiven, wanted: string): Promise<string> {
  if (WHOLE_ID.test(wanted)) return wanted;
  const changes = await every(async (page) => {
    const request = AdminServiceListChangesRequest.create({ ...page });
    const answer = await call(on.admin.listChanges.bind(on.admin), request, on.core);
    return { items: answer.changes, nextPageToken: answer.nextPageToken };
  });
  return only(changes, wanted, { what: "change", id: (one: Change) => one.changeId, names: () => [] }).changeId;
}

function needUser(userId: string | undefined, what: string): string {
  if (userId !== undefined) return userId;
  throw refused(`--of USER is needed: whose ${what} it is; only a whole id of 32 hexadecimal digits does without`);
}

function isBeginning(wanted: string): boolean {
  return wanted.length >= SHORTEST_BEGINNING && /^[0-9a-f]+$/i.test(wanted);
}

/** Exactly that name comes before an id that begins so. */
export function only<T>(rows: readonly T[], wanted: string, { what, id, names }: Named<T>): T {
  // A row may come on two pages, where something was added in between.
  const all = [...new Map(rows.map((one) => [id(one), one])).values()];
  const named = all.filter((one) => names(one).includes(wanted));
  const begun = all.filter((one) => isBeginning(wanted) && id(one).startsWith(wanted.toLowerCase()));
  const found = named.length > 0 ? named : begun;
  const [one] = found;
  if (one !== undefined && found.length === 1) return one;
  const why = found.length === 0 ? `no ${what} is called that` : `several could be meant`;
  const shown = (found.length === 0 ? all : found).slice(0, 20);
  const list = shown.map((each) => `${id(each)} (${names(each).find((name) => name !== "") ?? ""})`).join(", ");
  throw refused(printable(`"${wanted}": ${why}; name one of ${list === "" ? `none, there is no ${what}` : list}`));
}

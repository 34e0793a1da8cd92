// The two commands that change something. They stop, at once, and only when exactly one thing is named.
import type { Bot, Tenant } from "@countersign/proto/node/admin/v1/admin_service";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import { atMost, enumName, listed, strong, tenantsCalled, value, type Answer, type Asking } from "./asking.ts";

const MOST_LISTED = 20;

interface Named {
  readonly tenant: string;
}

export async function freeze(
  { user, tenant: called }: Named & { readonly user: string },
  asking: Asking,
): Promise<Answer> {
  const { book, core, onBehalf } = asking;
  const tenants = tenantsCalled(await core.tenants(), called);
  if (tenants.length === 0) return [[book.row("tenant-none", { tenant: value(called) })]];
  const has = await Promise.all(tenants.map(({ tenantId }) => core.hasUser(tenantId, user)));
  const holding = tenants.filter((_, i) => has[i]);
  const [tenant] = holding;
  if (tenant === undefined) return noSuchUser(user, tenants, asking);
  if (holding.length > 1) {
    const rows = holding.map((one) => listed(`/freeze ${user} ${callable(one, holding)}`));
    return [[book.row("freeze-several", { user: value(user) })], atMost(book, MOST_LISTED, rows)];
  }
  const { state } = await core.freeze(tenant.tenantId, user, onBehalf);
  const names = { user: value(user), tenant: strong(tenant.name) };
  return state === UserState.FROZEN
    ? [[book.row("freeze-ok", names)], [book.row("freeze-end")]]
    : [[book.row("freeze-state", { ...names, state: value(enumName(UserState, state)) })]];
}

async function noSuchUser(user: string, tenants: readonly Tenant[], { book, core }: Asking): Promise<Answer> {
  const near = await Promise.all(
    tenants.map(async (tenant) => {
      const users = await core.usersBeginning(tenant.tenantId, user);
      return users.map(({ userId }) => listed(`/freeze ${userId} ${callable(tenant, tenants)}`));
    }),
  );
  const rows = near.flat();
  const more = rows.length === 0 ? [] : [[book.row("freeze-near"), ...atMost(book, MOST_LISTED, rows)]];
  return [[book.row("freeze-none", { user: value(user) })], ...more];
}

interface Candidate {
  readonly tenant: Tenant;
  readonly bot: Bot;
}

export async function pause(
  { bot: called, tenant: within }: Named & { readonly bot: string },
  asking: Asking,
): Promise<Answer> {
  const { book, core, onBehalf } = asking;
  const tenants = tenantsCalled(await core.tenants(), within);
  if (tenants.length === 0) return [[book.row("tenant-none", { tenant: value(within) })]];
  const lists = await Promise.all(
    tenants.map(async (tenant) => (await core.bots(tenant.tenantId)).map((bot) => ({ tenant, bot }))),
  );
  const all = lists.flat().filter(({ bot }) => !bot.disabled);
  const fitting = all.filter(({ bot }) => [bot.name, bot.platform, bot.botId].includes(called));
  const [one] = fitting;
  if (one === undefined) {
    const more = all.length === 0 ? [] : [[book.row("pause-these"), ...rowsOf(all, asking)]];
    return [[book.row("pause-none", { bot: value(called) })], ...more];
  }
  if (fitting.length > 1) return [[book.row("pause-several", { bot: value(called) })], rowsOf(fitting, asking)];
  const { tenant, bot } = one;
  const names = { bot: value(bot.name), tenant: strong(tenant.name) };
  if (bot.paused) return [[book.row("pause-already", names)]];
  await core.pause(tenant.tenantId, bot.botId, onBehalf);
  return [[book.row("pause-ok", names)], [book.row("pause-end")]];
}

function rowsOf(candidates: readonly Candidate[], { book }: Asking) {
  const rows = candidates.map(({ tenant, bot }) => listed(`/pause ${bot.botId}`, bot.name, bot.platform, tenant.name));
  return atMost(book, MOST_LISTED, rows);
}

/** What names it and no other: names of tenants need not differ. */
function callable(tenant: Tenant, among: readonly Tenant[]): string {
  return tenantsCalled(among, tenant.name).length === 1 ? tenant.name : tenant.tenantId;
}

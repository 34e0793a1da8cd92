// Commands that only read: how things stand, the bots, what is open, who is who.
import { timeText, type Row } from "@countersign/bot-kit";
import { Role, type Bot, type Tenant } from "@countersign/proto/node/admin/v1/admin_service";
import { State } from "@countersign/proto/node/core/v1/content";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";
import type { Book } from "../wording/book.ts";
import type { TextId } from "../wording/en.ts";
import { atMost, enumName, listed, strong, value, type Answer, type Asking } from "./asking.ts";
import { ORDER_NAMES } from "./parse-order.ts";

/** More are read in the console. */
const MOST_ROWS = 25;
const OPEN_STATES: readonly State[] = [State.PENDING, State.PARTIAL, State.CONFIRMED, State.EXECUTING];

interface OfTenant<T> {
  readonly tenant: Tenant;
  readonly items: readonly T[];
}

async function botsOfAll({ core }: Asking): Promise<readonly OfTenant<Bot>[]> {
  const tenants = await core.tenants();
  return Promise.all(tenants.map(async (tenant) => ({ tenant, items: await core.bots(tenant.tenantId) })));
}

async function openOfAll({ core }: Asking): Promise<{ readonly of: readonly OfTenant<Transaction>[]; more: boolean }> {
  const tenants = await core.tenants();
  const found = await Promise.all(
    tenants.map(async (tenant) => ({ tenant, ...(await core.transactions(tenant.tenantId, { states: OPEN_STATES })) })),
  );
  return { of: found, more: found.some(({ more }) => more) };
}

export async function status(asking: Asking): Promise<Answer> {
  const { book, zone } = asking;
  const [bots, open] = await Promise.all([botsOfAll(asking), openOfAll(asking)]);
  const enabled = bots.flatMap(({ items }) => items).filter(({ disabled }) => !disabled);
  const attached = enabled.filter((bot) => bot.attached).length;
  const count = open.of.reduce((sum, { items }) => sum + items.length, 0);
  const { listeningSince, altered, waiting } = asking.watching();
  const since = listeningSince === undefined ? undefined : timeText(listeningSince, zone, true);
  return [
    [
      book.row("status-core"),
      book.row("status-bots", {}, { attached, count: enabled.length }),
      book.row("status-open", {}, { count }),
      ...(open.more ? [book.row("more-unknown")] : []),
    ],
    [
      since === undefined ? book.row("status-deaf") : book.row("status-listening", { time: strong(since) }),
      ...(altered ? [book.row("status-altered")] : []),
      ...(waiting > 0 ? [book.row("status-waiting", {}, { count: waiting })] : []),
    ],
  ];
}

export async function channels(asking: Asking): Promise<Answer> {
  const { book } = asking;
  const found = (await botsOfAll(asking)).filter(({ items }) => items.length > 0);
  if (found.length === 0) return [[book.row("channels-none")]];
  return found.map(({ tenant, items }) => [
    [strong(tenant.name)],
    ...atMost(
      book,
      MOST_ROWS,
      items.map((bot) => botRow(bot, book)),
    ),
  ]);
}

function botRow({ name, platform, disabled, paused, attached, waiting }: Bot, book: Book): Row {
  const there = attached ? "attached" : "away";
  const states: readonly TextId[] = [disabled ? "disabled" : there, ...(paused ? (["paused"] as const) : [])];
  const words = states.map((id) => book.text(id));
  return listed(name, platform, ...words, waiting > 0 ? book.text("waiting", { count: waiting }) : "");
}

export async function pending(asking: Asking): Promise<Answer> {
  const { book, zone } = asking;
  const { of, more } = await openOfAll(asking);
  const rows = of.flatMap(({ tenant, items }) =>
    items.map((one) => ({ at: millis(one.createdAt), row: openRow(one, tenant, zone) })),
  );
  if (rows.length === 0 && !more) return [[book.row("pending-none")]];
  const newest = rows.toSorted((a, b) => b.at - a.at).map(({ row }) => row);
  return [[book.row("pending")], [...atMost(book, MOST_ROWS, newest), ...(more ? [book.row("more-unknown")] : [])]];
}

function openRow({ tag, state, createdAt }: Transaction, { name }: Tenant, zone: string): Row {
  return listed(tag, name, enumName(State, state), timeOf(createdAt, zone));
}

/** As chats show it; "" when there is none. */
export function timeOf(at: Timestamp | undefined, zone: string): string {
  return at === undefined ? "" : timeText(new Date(millis(at)), zone, true);
}

function millis(at: Timestamp | undefined): number {
  return at === undefined ? 0 : Number(at.seconds) * 1000 + Math.floor(at.nanos / 1_000_000);
}

export async function whoAmI(asking: Asking): Promise<Answer> {
  const { book, core, who, onBehalf } = asking;
  const [me, tenants] = await Promise.all([core.whoAmI(), core.tenants()]);
  const tenant = tenants.find(({ tenantId }) => tenantId === me.tenantId);
  const role = { admin: strong(me.adminId), role: value(enumName(Role, me.role)) };
  return [
    [book.row("whoami-you", { name: strong(who.name), id: value(onBehalf) })],
    [
      book.row("whoami-me", role),
      me.tenantId === ""
        ? book.row("whoami-all")
        : book.row("whoami-one", { tenant: value(tenant?.name ?? me.tenantId) }),
      book.row("whoami-audit"),
    ],
  ];
}

export function audit({ book, zone, watching }: Asking): Answer {
  const { acts, kept, altered, listeningSince } = watching();
  const rows = acts
    .toReversed()
    .map(({ event, actor, subject, at }) => listed(event, actor, subject, timeOf(at, zone)));
  return [
    [
      altered ? book.row("status-altered") : book.row("audit-kept", {}, { count: kept }),
      ...(listeningSince === undefined ? [book.row("status-deaf")] : []),
    ],
    rows.length === 0 ? [book.row("audit-none")] : [book.row("audit-acts"), ...atMost(book, 15, rows)],
  ];
}

const ARGUMENTS: Readonly<Record<string, string>> = { tx: " AMBER TIGER", freeze: " max", pause: " telegram" };

export function help({ book }: Pick<Asking, "book">): Answer {
  const rows = ORDER_NAMES.map((name) => listed(`/${name}${ARGUMENTS[name] ?? ""}`, book.text(`help-${name}`)));
  return [[book.row("help")], rows];
}

/** How a command is written. */
export function exampleOf(name: string): string {
  return `/${name}${ARGUMENTS[name] ?? ""}`;
}

// One transaction, or all that have a tag. Of its content the kind alone: what is paid to whom is for the console.
import type { Row } from "@countersign/bot-kit";
import type { AdminServiceGetTransactionResponse, Tenant } from "@countersign/proto/node/admin/v1/admin_service";
import { DeliveryState } from "@countersign/proto/node/core/v1/code_service";
import { Kind, State } from "@countersign/proto/node/core/v1/content";
import { Words } from "@countersign/bot-kit";
import { atMost, enumName, listed, strong, value, type Answer, type Asking } from "./asking.ts";
import { timeOf } from "./look.ts";
import type { Wanted } from "./parse-order.ts";

/** With everything about them; more are listed by their ids. */
const MOST_SHOWN = 3;
const MOST_LISTED = 20;

interface FoundOne {
  readonly tenant: Tenant;
  readonly id: string;
}

export async function tx(wanted: Wanted, asking: Asking): Promise<Answer> {
  const { book } = asking;
  const { found, more } = await find(wanted, asking);
  const named = value("id" in wanted ? wanted.id : wanted.tag);
  const notAll = more ? [book.row("more-unknown")] : [];
  if (found.length === 0) return [[book.row("tx-none", { wanted: named }), ...notAll]];
  if (found.length > MOST_SHOWN) {
    const rows = found.map(({ tenant, id }) => listed(`/tx ${id}`, tenant.name));
    return [[book.row("tx-several", { wanted: named })], [...atMost(book, MOST_LISTED, rows), ...notAll]];
  }
  const shown = await Promise.all(found.map((one) => show(one, asking)));
  return [...shown, notAll];
}

async function find(
  wanted: Wanted,
  { core }: Asking,
): Promise<{ readonly found: readonly FoundOne[]; readonly more: boolean }> {
  const tenants = await core.tenants();
  if ("id" in wanted) {
    const held = await Promise.all(tenants.map((tenant) => core.transaction(tenant.tenantId, wanted.id)));
    return {
      found: tenants.filter((_, i) => held[i] !== undefined).map((tenant) => ({ tenant, id: wanted.id })),
      more: false,
    };
  }
  const lists = await Promise.all(tenants.map((tenant) => core.transactions(tenant.tenantId, { tag: wanted.tag })));
  const found = lists.flatMap(({ items }, i) => {
    const tenant = tenants[i];
    return tenant === undefined ? [] : items.map(({ transactionId }) => ({ tenant, id: transactionId }));
  });
  return { found, more: lists.some(({ more }) => more) };
}

async function show({ tenant, id }: FoundOne, asking: Asking): Promise<readonly Row[]> {
  const held = await asking.core.transaction(tenant.tenantId, id);
  return held === undefined ? [] : rowsOf(held, tenant, asking);
}

function rowsOf(
  { transaction, delivery }: AdminServiceGetTransactionResponse,
  tenant: Tenant,
  { book, zone }: Asking,
): readonly Row[] {
  if (transaction === undefined) return [];
  const { tag, state, transactionId, userId, kind, createdAt, reason } = transaction;
  const fact = (
    label: "tx-tenant" | "tx-user" | "tx-kind" | "tx-created" | "tx-reason" | "tx-delivery",
    text: string,
  ) => book.row("fact", { label: { style: "plain", text: book.text(label) }, value: value(text) });
  const words = Words.in(book.locale);
  const isNamed = kind !== Kind.UNSPECIFIED && kind !== Kind.UNRECOGNIZED;
  return [
    [strong(tag), { style: "plain", text: " · " }, strong(enumName(State, state))],
    [value(transactionId)],
    ...(state === State.TAMPERED ? [book.row("tx-tampered")] : []),
    fact("tx-tenant", tenant.name),
    fact("tx-user", userId),
    ...(isNamed ? [fact("tx-kind", words.text(`kind-${kind}` as Parameters<typeof words.text>[0]))] : []),
    fact("tx-created", timeOf(createdAt, zone)),
    ...(reason === "" ? [] : [fact("tx-reason", reason)]),
    ...(delivery?.attempts ?? []).map((attempt) =>
      fact(
        "tx-delivery",
        [attempt.platform, enumName(DeliveryState, attempt.state), attempt.reason]
          .filter((part) => part !== "")
          .join(" "),
      ),
    ),
  ];
}

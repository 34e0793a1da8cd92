import { Option, type Command } from "commander";
import {
  AdminServiceListDeliveriesRequest,
  AdminServiceRequeueDeliveryRequest,
  Delivery,
} from "@countersign/proto/node/admin/v1/admin_service";
import { DeliveryState } from "@countersign/proto/node/core/v1/code_service";
import { call } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import type { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import type { Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumArguments, enumChoices, enumName } from "./enum-name.ts";
import { tenantId, transactionId } from "./find.ts";
import { every, tellList, type ListOptions, type Page, type PageWanted } from "./list.ts";
import { PLATFORMS } from "./platform.ts";
import { tellDone } from "./tell-done.ts";
import { ofTenant, paged, repeatable, type TenantOption, type Tree } from "./tree.ts";

interface DeliveryFilter extends ListOptions, TenantOption {
  readonly of?: string;
  readonly state?: readonly string[];
  readonly platform?: string;
}

const COLUMNS: readonly Column<Delivery>[] = [
  { head: "Transaction", of: ({ transactionId: id }) => id, isId: true },
  { head: "User", of: ({ userId }) => userId },
  { head: "Channel", of: ({ attempt }) => attempt?.platform ?? "" },
  { head: "State", of: ({ attempt }) => enumName(DeliveryState, attempt?.state ?? 0) },
  { head: "Why", of: ({ attempt }) => attempt?.reason ?? "" },
  { head: "Tries", of: ({ attempt }) => String(attempt?.issue ?? 0) },
  { head: "At", of: ({ attempt }) => momentText(attempt?.at) },
  { head: "Requeue", of: ({ canRequeue }) => (canRequeue ? "possible" : "no") },
  { head: "Channel id", of: ({ attempt }) => attempt?.linkId ?? "", isId: true },
];

/** `countersign admin delivery …`. */
export function addDeliveries(admin: Command, { run }: Tree): void {
  const delivery = admin.command("delivery").description("messages of open transactions: where the codes are. No code");
  ofTenant(paged(delivery.command("list")))
    .description("user by user; --state failed: those that did not get through")
    .option("--of <user>", "one user's")
    .addOption(repeatable("--state <state>", `only in this state: ${enumChoices(DeliveryState).join(", ")}`))
    .addOption(new Option("--platform <platform>", "only of this platform").choices(PLATFORMS))
    .action((options: DeliveryFilter) => run((on) => listDeliveries(on, options)));
  ofTenant(delivery.command("requeue <transaction> [channel]"))
    .description("tries a failed message again, in the chat that it was for; CHANNEL: its platform or id, of several")
    .action((wanted: string, channel: string | undefined, options: TenantOption) =>
      run((on) => requeue(on, { wanted, channel }, options)),
    );
}

function pageOf(on: AdminGiven, filter: object): (page: PageWanted) => Promise<Page<Delivery>> {
  return async (page) => {
    const request = AdminServiceListDeliveriesRequest.create({ ...filter, ...page });
    const { deliveries, nextPageToken } = await call(on.admin.listDeliveries.bind(on.admin), request, on.core);
    return { items: deliveries, nextPageToken };
  };
}

async function listDeliveries(on: AdminGiven, options: DeliveryFilter): Promise<ExitCode> {
  const states = enumArguments(DeliveryState, "--state", options.state);
  const filter = { tenantId: await tenantId(on, options.tenant), userId: options.of ?? "", states };
  const ask = pageOf(on, { ...filter, platform: options.platform ?? "" });
  return tellList(on, options, { ask, columns: COLUMNS, type: Delivery });
}

async function requeue(
  on: AdminGiven,
  { wanted, channel }: { readonly wanted: string; readonly channel: string | undefined },
  options: TenantOption,
): Promise<ExitCode> {
  const tenant = await tenantId(on, options.tenant);
  const id = await transactionId(on, tenant, wanted);
  const linkId =
    channel !== undefined && /^[0-9a-f]{32}$/.test(channel) ? channel : await failedLink(on, tenant, { id, channel });
  const request = AdminServiceRequeueDeliveryRequest.create({ tenantId: tenant, transactionId: id, linkId });
  const { delivery } = await call(on.admin.requeueDelivery.bind(on.admin), request, on.core);
  return tellDone(on, Delivery, delivery, againText);
}

function againText({ attempt }: Delivery): string {
  return `${attempt?.platform ?? "it"} is tried again, with the code that is current`;
}

/** The one message of the transaction that can be tried again, or the one of that channel. */
async function failedLink(
  on: AdminGiven,
  tenant: string,
  { id, channel }: { readonly id: string; readonly channel: string | undefined },
): Promise<string> {
  const all = (await every(pageOf(on, { tenantId: tenant }))).filter((each) => each.transactionId === id);
  const fits = all.filter(({ attempt, canRequeue }) => {
    if (channel === undefined) return canRequeue;
    const isBeginning = channel.length >= 4 && attempt?.linkId.startsWith(channel) === true;
    return attempt?.platform === channel || isBeginning;
  });
  const [only] = fits;
  if (only?.attempt !== undefined && fits.length === 1) return only.attempt.linkId;
  const known = (fits.length === 0 ? all : fits).map(({ attempt, canRequeue }) => {
    return `${attempt?.linkId ?? ""} (${attempt?.platform ?? ""}${canRequeue ? ", can be requeued" : ""})`;
  });
  const why = fits.length === 0 ? "no message of it can be tried again" : "several could be meant";
  throw refused(`transaction ${id}: ${why}; name one of ${known.join(", ") || "none, it has no open message"}`);
}

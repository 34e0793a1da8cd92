import type { Command } from "commander";
import { isKind } from "@countersign/protocol";
import {
  AdminServiceCancelTransactionRequest,
  AdminServiceListTransactionsRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { Kind, State } from "@countersign/proto/node/core/v1/content";
import { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { call } from "@countersign/sdk";
import type { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import type { Column } from "../output/table.ts";
import { summaryOf } from "../output/transaction-text.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumArguments, enumChoices, enumName } from "./enum-name.ts";
import { tenantId, transactionId } from "./find.ts";
import { tellList, type ListOptions } from "./list.ts";
import { linesOf } from "./message-json.ts";
import { momentArgument } from "./moment-argument.ts";
import { tellDone } from "./tell-done.ts";
import { ofTenant, paged, repeatable, type TenantOption, type Tree } from "./tree.ts";
import { showTransaction } from "./tx-show.ts";

interface TxFilter extends ListOptions, TenantOption {
  readonly of?: string;
  readonly state?: readonly string[];
  readonly kind?: readonly string[];
  readonly users?: string;
  readonly tag?: string;
  readonly after?: string;
  readonly before?: string;
}

const COLUMNS: readonly Column<Transaction>[] = [
  { head: "Transaction", of: ({ transactionId: id }) => id, isId: true },
  { head: "State", of: ({ state }) => enumName(State, state) },
  { head: "User", of: ({ userId }) => userId },
  { head: "Tag", of: ({ tag }) => tag },
  { head: "Created", of: ({ createdAt }) => momentText(createdAt) },
  { head: "What", of: ({ kind, lines }) => (isKind(kind) ? summaryOf(kind, linesOf(lines)) : "") },
];

const TX = "TRANSACTION is its id, the beginning of it, or its tag";

/** `countersign admin tx …`. */
export function addTransactions(admin: Command, { run }: Tree): void {
  const tx = admin.command("tx").description("transactions of users");
  ofTenant(paged(tx.command("list")))
    .description("newest first")
    .option("--of <user>", "one user's")
    .option("--users <text>", "only those of users whose name begins so")
    .addOption(repeatable("--state <state>", `only in this state: ${enumChoices(State).join(", ")}`))
    .addOption(repeatable("--kind <kind>", `only of this kind: ${enumChoices(Kind).join(", ")}`))
    .option("--tag <words>", "only with this tag, such as 'AMBER TIGER'")
    .option("--after <moment>", "only created at this moment or later: 2026-11-30T14:00Z, or 24h for 24 hours ago")
    .option("--before <moment>", "only created before this moment")
    .action((options: TxFilter) => run((on) => listTransactions(on, options)));
  ofTenant(tx.command("show <transaction>"))
    .description(`its lines, what happened to it, where its codes went; ${TX}`)
    .action((wanted: string, options: TenantOption) => run((on) => showTransaction(on, wanted, options)));
  ofTenant(tx.command("cancel <transaction>"))
    .description(`withdraws it, unless it is being carried out; ${TX}`)
    .requiredOption("--reason <text>", "told to the user")
    .action((wanted: string, options: TenantOption & { readonly reason: string }) =>
      run((on) => cancelTransaction(on, wanted, options)),
    );
}

async function listTransactions(on: AdminGiven, options: TxFilter): Promise<ExitCode> {
  const filter = {
    ...{ tenantId: await tenantId(on, options.tenant), userId: options.of ?? "", userIdPrefix: options.users ?? "" },
    tag: options.tag?.toUpperCase() ?? "",
    states: enumArguments(State, "--state", options.state),
    kinds: enumArguments(Kind, "--kind", options.kind),
    createdAfter: momentArgument("--after", options.after),
    createdBefore: momentArgument("--before", options.before),
  };
  return tellList(on, options, {
    ask: async (page) => {
      const request = AdminServiceListTransactionsRequest.create({ ...filter, ...page });
      const { transactions, nextPageToken } = await call(on.admin.listTransactions.bind(on.admin), request, on.core);
      return { items: transactions, nextPageToken };
    },
    columns: COLUMNS,
    type: Transaction,
  });
}

async function cancelTransaction(
  on: AdminGiven,
  wanted: string,
  options: TenantOption & { readonly reason: string },
): Promise<ExitCode> {
  const tenant = await tenantId(on, options.tenant);
  const id = await transactionId(on, tenant, wanted);
  const named = { tenantId: tenant, transactionId: id, reason: options.reason };
  const request = AdminServiceCancelTransactionRequest.create(named);
  const { transaction } = await call(on.admin.cancelTransaction.bind(on.admin), request, on.core);
  return tellDone(on, Transaction, transaction, ({ tag }) => `${tag} (${id}) is withdrawn · nothing was sent`);
}

import type { Command } from "commander";
import { AdminServiceListTenantsRequest, Tenant } from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import type { ExitCode } from "../exit-code.ts";
import type { Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { requestChange, type ChangeOptions } from "./change.ts";
import { tellList, type ListOptions } from "./list.ts";
import { changing, paged, type Tree } from "./tree.ts";

const COLUMNS: readonly Column<Tenant>[] = [
  { head: "Name", of: ({ name }) => name },
  { head: "Issuer", of: ({ issuer }) => issuer },
  { head: "Policy", of: ({ policyVersion }) => `version ${policyVersion}` },
  { head: "Kind", of: ({ isAdministration }) => (isAdministration ? "administrators" : "relying party") },
  { head: "Id", of: ({ tenantId }) => tenantId, isId: true },
];

/** `countersign admin tenant …`. */
export function addTenants(admin: Command, { run }: Tree): void {
  const tenant = admin.command("tenant").description("relying parties");
  paged(tenant.command("list"))
    .description("by name")
    .option("--name <text>", "only those whose name or issuer has this in it")
    .action((options: ListOptions & { readonly name?: string }) => run((on) => listTenants(on, options)));
  changing(tenant.command("create <name>"))
    .description("one more; a change that takes an owner")
    .requiredOption("--issuer <text>", "as every display shows it, at most 20 columns")
    .action((name: string, options: ChangeOptions & { readonly issuer: string }) =>
      run((on) => {
        const value = { name, issuer: options.issuer };
        const next = (): string => `Its rules next: countersign admin policy get --tenant "${name}"`;
        return requestChange(on, { tenantId: "", what: { $case: "createTenant", value } }, options, { next });
      }),
    );
}

function listTenants(on: AdminGiven, options: ListOptions & { readonly name?: string }): Promise<ExitCode> {
  return tellList(on, options, {
    ask: async (page) => {
      const request = AdminServiceListTenantsRequest.create({ nameContains: options.name ?? "", ...page });
      const { tenants, nextPageToken } = await call(on.admin.listTenants.bind(on.admin), request, on.core);
      return { items: tenants, nextPageToken };
    },
    columns: COLUMNS,
    type: Tenant,
  });
}

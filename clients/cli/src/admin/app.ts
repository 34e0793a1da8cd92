import type { Command } from "commander";
import {
  AdminServiceDisableAppRequest,
  AdminServiceListAppsRequest,
  App,
  AppScope,
  type Token,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import { Option } from "commander";
import type { ExitCode } from "../exit-code.ts";
import type { Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { requestChange, type ChangeOptions } from "./change.ts";
import { enumArgument, enumChoices, enumName } from "./enum-name.ts";
import { appId, tenantId } from "./find.ts";
import { tellList, type ListOptions } from "./list.ts";
import { addRotation } from "./rotate.ts";
import { tellDone } from "./tell-done.ts";
import { drawToken } from "./token-file.ts";
import { changing, drawing, ofTenant, paged, type TenantOption, type Tree } from "./tree.ts";

interface AppFilter extends ListOptions, TenantOption {
  readonly name?: string;
  readonly scope?: string;
  readonly disabled?: boolean;
}

const COLUMNS: readonly Column<App>[] = [
  { head: "Name", of: ({ name }) => name },
  { head: "Scope", of: ({ scope }) => enumName(AppScope, scope) },
  { head: "State", of: ({ disabled }) => (disabled ? "disabled" : "enabled") },
  { head: "Tokens", of: ({ tokens }) => tokensText(tokens) },
  { head: "Id", of: ({ appId: id }) => id, isId: true },
];

/** Of a holder: `2: 3fa9c1d2, 88b01e7a`; by the beginning of its hash people name the one to revoke. */
export function tokensText(tokens: readonly Token[]): string {
  if (tokens.length === 0) return "none";
  return `${tokens.length}: ${tokens.map(({ tokenSha256 }) => tokenSha256.slice(0, 8)).join(", ")}`;
}

/** `countersign admin app …`. */
export function addApps(admin: Command, tree: Tree): void {
  const { run } = tree;
  const app = admin.command("app").description("programs of a relying party");
  ofTenant(paged(app.command("list")))
    .description("by name")
    .option("--name <text>", "only those whose name has this in it")
    .addOption(new Option("--scope <scope>", "only of this scope").choices(enumChoices(AppScope)))
    .option("--disabled", "also disabled ones")
    .action((options: AppFilter) => run((on) => listApps(on, options)));
  drawing(changing(ofTenant(app.command("create <name>"))), "its token")
    .description("one more; a change")
    .addOption(
      new Option("--scope <scope>", "submit: creates transactions; execute: carries out what is confirmed")
        .choices(enumChoices(AppScope))
        .makeOptionMandatory(),
    )
    .action((name: string, options: ChangeOptions & TenantOption & { readonly scope: string; tokenOut: string }) =>
      run(async (on) => {
        const tenant = await tenantId(on, options.tenant);
        const token = drawToken("cs_app_", options.tokenOut);
        const value = { name, scope: enumArgument(AppScope, "--scope", options.scope), tokenSha256: token.sha256 };
        return requestChange(on, { tenantId: tenant, what: { $case: "createApp", value } }, options, { token });
      }),
    );
  ofTenant(app.command("disable <app>"))
    .description("at once: its tokens open nothing, its streams end")
    .action((wanted: string, options: TenantOption) => run((on) => disableApp(on, wanted, options)));
  changing(ofTenant(app.command("enable <app>")))
    .description("again; a change")
    .action((wanted: string, options: ChangeOptions & TenantOption) =>
      run(async (on) => {
        const tenant = await tenantId(on, options.tenant);
        const value = { appId: await appId(on, tenant, wanted) };
        return requestChange(on, { tenantId: tenant, what: { $case: "enableApp", value } }, options);
      }),
    );
  addRotation(app, tree, {
    noun: "app",
    prefix: "cs_app_",
    holder: async (on, tenant, wanted) => ({ $case: "appId", value: await appId(on, tenant, wanted) }),
  });
}

function listApps(on: AdminGiven, options: AppFilter): Promise<ExitCode> {
  const filter = {
    nameContains: options.name ?? "",
    scope: enumArgument(AppScope, "--scope", options.scope),
    includeDisabled: options.disabled ?? false,
  };
  return tellList(on, options, {
    ask: async (page) => {
      const tenant = await tenantId(on, options.tenant);
      const request = AdminServiceListAppsRequest.create({ tenantId: tenant, ...filter, ...page });
      const { apps, nextPageToken } = await call(on.admin.listApps.bind(on.admin), request, on.core);
      return { items: apps, nextPageToken };
    },
    columns: COLUMNS,
    type: App,
  });
}

async function disableApp(on: AdminGiven, wanted: string, options: TenantOption): Promise<ExitCode> {
  const tenant = await tenantId(on, options.tenant);
  const request = AdminServiceDisableAppRequest.create({ tenantId: tenant, appId: await appId(on, tenant, wanted) });
  const { app } = await call(on.admin.disableApp.bind(on.admin), request, on.core);
  return tellDone(on, App, app, ({ name }) => `app ${name} is disabled: its tokens open nothing from now on`);
}

import { Option, type Command } from "commander";
import {
  Admin,
  AdminServiceDisableAdminRequest,
  AdminServiceListAdminsRequest,
  AdminState,
  Role,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import type { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import type { Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { tokensText } from "./app.ts";
import { requestChange, type ChangeOptions } from "./change.ts";
import { enumArgument, enumChoices, enumName } from "./enum-name.ts";
import { tenantId } from "./find.ts";
import { tellList, type ListOptions } from "./list.ts";
import { addRotation } from "./rotate.ts";
import { tellDone } from "./tell-done.ts";
import { drawToken } from "./token-file.ts";
import { changing, drawing, ofTenant, paged, type TenantOption, type Tree } from "./tree.ts";

interface AdminFilter extends ListOptions, TenantOption {
  readonly role?: string;
  readonly state?: string;
}

const COLUMNS: readonly Column<Admin>[] = [
  { head: "Admin", of: ({ adminId }) => adminId },
  { head: "Role", of: ({ role }) => enumName(Role, role) },
  { head: "Of tenant", of: ({ tenantId: id }) => id || "all", isId: true },
  { head: "State", of: ({ state }) => enumName(AdminState, state) },
  { head: "Since", of: ({ createdAt }) => momentText(createdAt) },
  { head: "Tokens", of: ({ tokens }) => tokensText(tokens) },
];

const ROLES = "owner: everything; admin: everything in one tenant; operator: reads and stops; auditor: reads";

/** `countersign admin admin …`. */
export function addAdmins(parent: Command, tree: Tree): void {
  const { run } = tree;
  const admin = parent.command("admin").description("administrators");
  ofTenant(paged(admin.command("list")))
    .description("by name")
    .addOption(new Option("--role <role>", "only with this role").choices(enumChoices(Role)))
    .addOption(new Option("--state <state>", "only in this state").choices(enumChoices(AdminState)))
    .action((options: AdminFilter) => run((on) => listAdmins(on, options)));
  drawing(changing(ofTenant(admin.command("create <name>"))), "the invitation, good for 24 hours")
    .description("invites one more; a change. He runs: countersign admin claim FILE")
    .addOption(new Option("--role <role>", ROLES).choices(enumChoices(Role)).makeOptionMandatory())
    .action((name: string, options: ChangeOptions & TenantOption & { readonly role: string; tokenOut: string }) =>
      run(async (on) => {
        const tenant = await tenantId(on, options.tenant);
        const token = drawToken("cs_invite_", options.tokenOut);
        const role = enumArgument(Role, "--role", options.role);
        const value = { adminId: name, role, tenantId: tenant, invitationSha256: token.sha256 };
        const next = (): string => `Hand ${options.tokenOut} to ${name}, who runs: countersign admin claim FILE`;
        return requestChange(on, { tenantId: "", what: { $case: "createAdmin", value } }, options, { token, next });
      }),
    );
  admin
    .command("disable <name>")
    .description("at once, with all his tokens and open transactions; also oneself")
    .action((name: string) => run((on) => disableAdmin(on, name)));
  changing(admin.command("enable <name>"))
    .description("again; a change")
    .action((name: string, options: ChangeOptions) =>
      run((on) => {
        const what = { $case: "enableAdmin", value: { adminId: name } } as const;
        return requestChange(on, { tenantId: "", what }, options);
      }),
    );
  drawing(changing(admin.command("recover <name>")), "the invitation, good after a day's hold")
    .description("a way to a new token and key for one who lost his; a change that takes two others at least")
    .action((name: string, options: ChangeOptions & { readonly tokenOut: string }) =>
      run((on) => {
        const token = drawToken("cs_invite_", options.tokenOut);
        const value = { adminId: name, invitationSha256: token.sha256 };
        const next = (): string =>
          `Hand ${options.tokenOut} to ${name}, who runs after the hold: countersign admin claim FILE`;
        return requestChange(on, { tenantId: "", what: { $case: "recoverAdmin", value } }, options, { token, next });
      }),
    );
  addRotation(admin, tree, {
    noun: "admin",
    prefix: "cs_admin_",
    holder: (_on, _tenant, wanted) => Promise.resolve({ $case: "adminId", value: wanted }),
  });
}

function listAdmins(on: AdminGiven, options: AdminFilter): Promise<ExitCode> {
  const role = enumArgument(Role, "--role", options.role);
  const state = enumArgument(AdminState, "--state", options.state);
  return tellList(on, options, {
    ask: async (page) => {
      const tenant = await tenantId(on, options.tenant);
      const request = AdminServiceListAdminsRequest.create({ tenantId: tenant, role, state, ...page });
      const { admins, nextPageToken } = await call(on.admin.listAdmins.bind(on.admin), request, on.core);
      return { items: admins, nextPageToken };
    },
    columns: COLUMNS,
    type: Admin,
  });
}

async function disableAdmin(on: AdminGiven, adminId: string): Promise<ExitCode> {
  const request = AdminServiceDisableAdminRequest.create({ adminId });
  const { admin } = await call(on.admin.disableAdmin.bind(on.admin), request, on.core);
  return tellDone(on, Admin, admin, ({ adminId: name }) => `${name} is disabled: nothing of his counts from now on`);
}

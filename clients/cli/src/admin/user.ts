import { randomUUID } from "node:crypto";
import { Option, type Command } from "commander";
import {
  AdminServiceCreateUserRequest,
  AdminServiceFreezeUserRequest,
  AdminServiceListUsersRequest,
  AdminServiceSuspendUserRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { User, UserState } from "@countersign/proto/node/core/v1/user_service";
import { call } from "@countersign/sdk";
import type { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import type { Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { requestChange, type ChangeOptions } from "./change.ts";
import { enumArgument, enumChoices, enumName } from "./enum-name.ts";
import { tenantId } from "./find.ts";
import { inviteUser, type InviteOptions } from "./invite-user.ts";
import { tellList, type ListOptions } from "./list.ts";
import { tellDone } from "./tell-done.ts";
import { addWhy } from "./why.ts";
import { changing, ofTenant, paged, type TenantOption, type Tree } from "./tree.ts";

interface UserFilter extends ListOptions, TenantOption {
  readonly prefix?: string;
  readonly state?: string;
}
interface CreateOptions extends TenantOption {
  readonly phrase?: string;
  readonly locale?: string;
}

const COLUMNS: readonly Column<User>[] = [
  { head: "User", of: ({ userId }) => userId },
  { head: "State", of: ({ state }) => enumName(UserState, state) },
  { head: "Language", of: ({ locale }) => locale },
  { head: "Since", of: ({ createdAt }) => momentText(createdAt) },
];

/** `countersign admin user …`. */
export function addUsers(admin: Command, tree: Tree): void {
  const { run } = tree;
  const user = admin.command("user").description("users of a relying party");
  ofTenant(paged(user.command("list")))
    .description("those of a tenant")
    .option("--prefix <text>", "only those whose name begins so")
    .addOption(new Option("--state <state>", "only in this state").choices(enumChoices(UserState)))
    .action((options: UserFilter) => run((on) => listUsers(on, options)));
  ofTenant(user.command("create <user>"))
    .description("one more; he can confirm once he has a key and a chat")
    .option("--phrase <text>", "his own words on every message, by which he knows a false bot")
    .option("--locale <tag>", "language of his messages, such as de")
    .action((name: string, options: CreateOptions) => run((on) => createUser(on, name, options)));
  ofTenant(user.command("invite <user>"))
    .description("a link for his next key, good for 10 minutes and once; as QR on a terminal")
    .option("--fido", "for a FIDO2 key or passkey")
    .option("--out <file>", "into a new file (0600) instead of onto the screen")
    .action((name: string, options: InviteOptions) => run((on) => inviteUser(on, name, options)));
  ofTenant(user.command("suspend <user>"))
    .description("at once: he can confirm nothing; ended by countersign admin user resume")
    .action((name: string, options: TenantOption) => run((on) => suspendUser(on, name, options)));
  ofTenant(user.command("freeze <user>"))
    .description("at once, as his own /freeze; ended by his own key")
    .action((name: string, options: TenantOption) => run((on) => freezeUser(on, name, options)));
  for (const [name, what, meaning] of [
    ["resume", "resumeUser", "ends a suspension; a change"],
    ["thaw", "thawUser", "asks a frozen or blocked user for his key, which frees him; a change"],
  ] as const) {
    changing(ofTenant(user.command(`${name} <user>`)))
      .description(meaning)
      .action((userId: string, options: ChangeOptions & TenantOption) =>
        run(async (on) => {
          const tenant = await tenantId(on, options.tenant);
          const next = (): string =>
            what === "thawUser"
              ? `${userId} is asked on his phone; he runs countersign thaw with his own key`
              : `${userId} is again what he was before`;
          return requestChange(on, { tenantId: tenant, what: { $case: what, value: { userId } } }, options, { next });
        }),
      );
  }
  changing(ofTenant(user.command("recover <user>")))
    .description("a way to new keys for who lost his last one, after a day's hold; a change that takes two at least")
    .option("--reason <text>", "shown to the administrators", "")
    .action((userId: string, options: ChangeOptions & TenantOption & { readonly reason: string }) =>
      run(async (on) => {
        const tenant = await tenantId(on, options.tenant);
        const what = { $case: "recoverUser", value: { userId, reason: options.reason } } as const;
        const next = (): string => `after the hold: countersign admin user invite ${userId}, then key confirm`;
        return requestChange(on, { tenantId: tenant, what }, options, { next });
      }),
    );
  addWhy(user, tree);
}

function listUsers(on: AdminGiven, options: UserFilter): Promise<ExitCode> {
  const state = enumArgument(UserState, "--state", options.state);
  return tellList(on, options, {
    ask: async (page) => {
      const tenant = await tenantId(on, options.tenant);
      const filter = { tenantId: tenant, userIdPrefix: options.prefix ?? "", state };
      const request = AdminServiceListUsersRequest.create({ ...filter, ...page });
      const { users, nextPageToken } = await call(on.admin.listUsers.bind(on.admin), request, on.core);
      return { items: users, nextPageToken };
    },
    columns: COLUMNS,
    type: User,
  });
}

async function createUser(on: AdminGiven, userId: string, options: CreateOptions): Promise<ExitCode> {
  const { phrase = "", locale = "" } = options;
  const tenant = await tenantId(on, options.tenant);
  const named = { requestId: randomUUID(), tenantId: tenant, userId, phrase, locale };
  const { user } = await call(on.admin.createUser.bind(on.admin), AdminServiceCreateUserRequest.create(named), on.core);
  return tellDone(
    on,
    User,
    user,
    () => `user ${userId} is there; his key next: countersign admin user invite ${userId}`,
  );
}

async function suspendUser(on: AdminGiven, userId: string, options: TenantOption): Promise<ExitCode> {
  const request = AdminServiceSuspendUserRequest.create({ tenantId: await tenantId(on, options.tenant), userId });
  const { user } = await call(on.admin.suspendUser.bind(on.admin), request, on.core);
  return tellDone(on, User, user, () => `${userId} is suspended; go on: countersign admin user resume ${userId}`);
}

async function freezeUser(on: AdminGiven, userId: string, options: TenantOption): Promise<ExitCode> {
  const request = AdminServiceFreezeUserRequest.create({ tenantId: await tenantId(on, options.tenant), userId });
  const { user } = await call(on.admin.freezeUser.bind(on.admin), request, on.core);
  return tellDone(
    on,
    User,
    user,
    () => `${userId} is frozen; go on: countersign admin user thaw ${userId}, then his own key`,
  );
}

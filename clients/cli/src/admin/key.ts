import { Option, type Command } from "commander";
import {
  AdminServiceListKeysRequest,
  AdminServiceRevokeKeyRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { Key, KeyState, KeyType } from "@countersign/proto/node/core/v1/key_service";
import { call } from "@countersign/sdk";
import type { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import type { Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { requestChange, type ChangeOptions } from "./change.ts";
import { enumArgument, enumChoices, enumName } from "./enum-name.ts";
import { keyId, tenantId } from "./find.ts";
import { tellList, type ListOptions } from "./list.ts";
import { addOwnKey } from "./own-key.ts";
import { tellDone } from "./tell-done.ts";
import { changing, ofTenant, paged, type TenantOption, type Tree } from "./tree.ts";

interface KeyFilter extends ListOptions, TenantOption {
  readonly of: string;
  readonly state?: string;
}
interface OfUser extends TenantOption {
  readonly of?: string;
}

const COLUMNS: readonly Column<Key>[] = [
  { head: "Key", of: ({ keyId: id }) => id, isId: true },
  { head: "Name", of: ({ name, serial }) => name || serial },
  { head: "State", of: ({ state }) => enumName(KeyState, state) },
  { head: "Type", of: ({ type }) => enumName(KeyType, type) },
  { head: "Model", of: ({ model }) => model },
  { head: "Fingerprint", of: ({ fingerprint }) => fingerprint },
  { head: "Since", of: ({ enrolledAt }) => momentText(enrolledAt) },
];

const KEY = "KEY is its id, the beginning of it, its name, serial or fingerprint";

/** `countersign admin key …`: of users; of administrators with --tenant administration. */
export function addKeys(admin: Command, tree: Tree): void {
  const { run } = tree;
  const key = admin.command("key").description("keys of users, and your own");
  ofTenant(paged(key.command("list")))
    .description("those of a user, oldest first")
    .requiredOption("--of <user>", "whose")
    .addOption(new Option("--state <state>", "only in this state").choices(enumChoices(KeyState)))
    .action((options: KeyFilter) => run((on) => listKeys(on, options)));
  ofTenant(key.command("revoke <key>"))
    .description(`at once and for good, in open transactions too; ${KEY}`)
    .option("--of <user>", "whose; a whole id does without")
    .action((wanted: string, options: OfUser) => run((on) => revokeKey(on, wanted, options)));
  changing(ofTenant(key.command("confirm <key>")))
    .description(`accepts a first key; a change. ${KEY}`)
    .option("--of <user>", "whose; a whole id does without")
    .requiredOption("--fingerprint <text>", "as the user read it to you from the key's own display")
    .action((wanted: string, options: ChangeOptions & OfUser & { readonly fingerprint: string }) =>
      run(async (on) => {
        const tenant = await tenantId(on, options.tenant);
        const id = await keyId(on, { tenantId: tenant, userId: options.of }, wanted);
        const value = { keyId: id, fingerprint: options.fingerprint };
        return requestChange(on, { tenantId: tenant, what: { $case: "confirmKey", value } }, options);
      }),
    );
  addOwnKey(key, tree);
}

async function listKeys(on: AdminGiven, options: KeyFilter): Promise<ExitCode> {
  const state = enumArgument(KeyState, "--state", options.state);
  return tellList(on, options, {
    ask: async (page) => {
      const filter = { tenantId: await tenantId(on, options.tenant), userId: options.of, state };
      const request = AdminServiceListKeysRequest.create({ ...filter, ...page });
      const { keys, nextPageToken } = await call(on.admin.listKeys.bind(on.admin), request, on.core);
      return { items: keys, nextPageToken };
    },
    columns: COLUMNS,
    type: Key,
  });
}

async function revokeKey(on: AdminGiven, wanted: string, options: OfUser): Promise<ExitCode> {
  const tenant = await tenantId(on, options.tenant);
  const id = await keyId(on, { tenantId: tenant, userId: options.of }, wanted);
  const request = AdminServiceRevokeKeyRequest.create({ tenantId: tenant, keyId: id });
  const { key } = await call(on.admin.revokeKey.bind(on.admin), request, on.core);
  return tellDone(on, Key, key, () => `key ${id} is revoked for good: nothing it signs counts any more`);
}

import type { Command } from "commander";
import {
  AdminServiceRevokeTokenRequest,
  AdminServiceRevokeTokenResponse,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import type { ExitCode } from "../exit-code.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { tokensText } from "./app.ts";
import { appId, botId, tenantId } from "./find.ts";
import { holderTokens } from "./holder-tokens.ts";
import { tellDone } from "./tell-done.ts";
import { ofTenant, type TenantOption, type Tree } from "./tree.ts";

interface RevokeOptions extends TenantOption {
  readonly all?: boolean;
}
type Holder = NonNullable<AdminServiceRevokeTokenRequest["holder"]>;

/** `countersign admin token revoke app|bot|admin NAME [HASH]`. */
export function addTokens(admin: Command, { run }: Tree): void {
  const token = admin
    .command("token")
    .description("tokens of apps, bots and administrators, by the hash that lists tell");
  ofTenant(token.command("revoke <holder> <name> [hash]"))
    .description("at once, with the streams that it opened; HOLDER is app, bot or admin, HASH the beginning of it")
    .option("--all", "every token of the holder")
    .action((kind: string, name: string, hash: string | undefined, options: RevokeOptions) =>
      run((on) => revokeToken(on, { kind, name, hash }, options)),
    );
}

interface Which {
  readonly kind: string;
  readonly name: string;
  readonly hash: string | undefined;
}

async function revokeToken(on: AdminGiven, { kind, name, hash }: Which, options: RevokeOptions): Promise<ExitCode> {
  if ((hash === undefined) === (options.all !== true))
    throw refused("name a token by the beginning of its hash, or --all");
  const tenant = await tenantId(on, options.tenant);
  const holder = await holderOf(on, tenant, { kind, name });
  const tokenSha256 = hash === undefined ? "" : await wholeHash(on, tenant, holder, hash);
  const request = AdminServiceRevokeTokenRequest.create({ tenantId: tenant, holder, tokenSha256 });
  const answer = await call(on.admin.revokeToken.bind(on.admin), request, on.core);
  const left = tokensText(answer.tokens);
  return tellDone(
    on,
    AdminServiceRevokeTokenResponse,
    answer,
    () => `revoked; tokens left of ${kind} ${name}: ${left}`,
  );
}

async function holderOf(on: AdminGiven, tenant: string, of: Pick<Which, "kind" | "name">): Promise<Holder> {
  const { kind, name } = of;
  if (kind === "app") return { $case: "appId", value: await appId(on, tenant, name) };
  if (kind === "bot") return { $case: "botId", value: await botId(on, tenant, name) };
  if (kind === "admin") return { $case: "adminId", value: name };
  throw refused(`"${kind}": expected app, bot or admin`);
}

async function wholeHash(on: AdminGiven, tenant: string, holder: Holder, begin: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(begin)) return begin;
  if (!/^[0-9a-f]{4,63}$/.test(begin)) throw refused(`"${begin}": expected at least 4 hexadecimal digits of the hash`);
  const all = (await holderTokens(on, tenant, holder)).map(({ tokenSha256 }) => tokenSha256);
  const found = all.filter((each) => each.startsWith(begin));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const why = found.length === 0 ? "none of its tokens begins so" : "several of its tokens begin so";
  throw refused(`"${begin}": ${why}; it has ${all.join(", ") || "none"}`);
}

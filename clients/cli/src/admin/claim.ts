import { existsSync } from "node:fs";
import type { Command } from "commander";
import { Admin, AdminServiceClaimRequest, Role } from "@countersign/proto/node/admin/v1/admin_service";
import { call, CoreError } from "@countersign/sdk";
import { CliError, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { CommandGiven } from "../session.ts";
import { withAdminToken, type AdminGiven } from "./admin-connection.ts";
import { enumName } from "./enum-name.ts";
import { messageJson } from "./message-json.ts";
import { enrolOwnKey, whoAmI, type OwnKeyOptions } from "./own-key.ts";
import { linkOwnChat } from "./own-link.ts";
import { drawnBefore, drawToken, readToken } from "./token-file.ts";
import type { Tree } from "./tree.ts";
import { tellWhoAmI } from "./whoami.ts";

interface ClaimOptions extends OwnKeyOptions {
  readonly as?: string;
  readonly tokenOut?: string;
  readonly phrase?: string;
  readonly locale?: string;
  readonly platform?: string;
  readonly address?: string;
  readonly tokenOnly?: boolean;
}

/** `countersign admin claim FILE`. */
export function addClaim(admin: Command, { given, finish }: Tree): void {
  admin
    .command("claim <file>")
    .description("become an administrator by first-admin.token or an invitation; then your key and your chat")
    .option("--as <name>", "the first administrator's name, for ever; an invitation names its own")
    .option("--token-out <file>", "new file (0600) for your token; default: the one that --admin-token names")
    .option("--phrase <text>", "your own words on every message, by which you know a false bot")
    .option("--locale <tag>", "language of your messages, such as de")
    .option("--platform <platform>", "of the chat that is linked; without it you link one later")
    .option("--address <address>", "of mail and sms: where the messages go")
    .option("--token-only", "stop once the token is there; key and chat come later")
    .option("--key <serial>", "which key, when several are plugged in")
    .option("--fido", "a FIDO2 security key: weaker, it shows nothing")
    .option("--name <text>", "by which people will call the key")
    .action(async (file: string, options: ClaimOptions) => finish(await claimCommand(file, options, given())));
}

/**
 * The token is drawn and lies in its file before the core hears of it. Running it again after any interruption goes on where
 * it stopped: a file that holds a token is taken, not overwritten, and claiming with the same hash is harmless.
 */
async function claimCommand(file: string, options: ClaimOptions, given: CommandGiven): Promise<ExitCode> {
  const { settings } = given;
  const path = options.tokenOut ?? settings.get("adminTokenFile");
  if (path === undefined) throw refused("--token-out FILE is needed: where your token is kept; or --admin-token");
  const invitation = readToken(file, "cs_invite_");
  const token = existsSync(path) ? drawnBefore("cs_admin_", path) : drawToken("cs_admin_", path);
  const request = AdminServiceClaimRequest.create({
    ...{ adminId: options.as ?? "", tokenSha256: token.sha256 },
    ...{ phrase: options.phrase ?? "", locale: options.locale ?? "" },
  });
  const claimed = await withAdminToken(given, invitation, async (on) => {
    const answer = await call(on.admin.claim.bind(on.admin), request, on.core).catch((error: unknown) => {
      if (error instanceof CoreError && !error.isOutage) token.discard();
      throw error;
    });
    return answer.admin;
  });
  if (claimed === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer is empty");
  tellClaimed(claimed, path, given);
  return withAdminToken(given, readToken(path, "cs_admin_"), (on) => leadOn(on, options));
}

function tellClaimed(admin: Admin, path: string, { terminal, settings }: CommandGiven): void {
  terminal.record({ ...messageJson(Admin, admin), tokenFile: path });
  const role = enumName(Role, admin.role);
  terminal.progress(printable(`${terminal.sign("done")} ${admin.adminId} is ${role}; token in ${path} (0600)`));
  if (settings.get("adminTokenFile") === path) return;
  terminal.progress(`Name it to later commands: --admin-token ${path}, or COUNTERSIGN_ADMIN_TOKEN_FILE, or`);
  terminal.progress(`countersign setup --admin-token ${path}`);
}

/** What he still lacks: key, then chat, which his key signs. */
async function leadOn(on: AdminGiven, options: ClaimOptions): Promise<ExitCode> {
  if (options.tokenOnly === true) return ExitCode.DONE;
  if (!(await whoAmI(on)).hasKey) {
    const exit = await enrolOwnKey(on, options);
    if (exit !== ExitCode.DONE) return exit;
  }
  const { hasKey, hasChat } = await whoAmI(on);
  if (hasKey && !hasChat && options.platform !== undefined) {
    const { key, address } = options;
    const own = { ...(key === undefined ? {} : { key }), ...(address === undefined ? {} : { address }) };
    const exit = await linkOwnChat(on, options.platform, own);
    if (exit !== ExitCode.DONE) return exit;
  }
  return tellWhoAmI(on);
}

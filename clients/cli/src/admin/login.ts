import { rmSync } from "node:fs";
import type { Command } from "commander";
import {
  AdminServiceBeginLoginRequest,
  AdminServiceFinishLoginRequest,
  AdminServiceLogOutRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call, CoreError, Token } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { takeToKey } from "../command/take-to-key.ts";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import { chooseKey, withDaemon, type CommandGiven } from "../session.ts";
import { withAdminToken, type AdminGiven } from "./admin-connection.ts";
import { drawnBefore, drawToken, readToken, type DrawnToken } from "./token-file.ts";
import type { Tree } from "./tree.ts";

interface LoginOptions {
  readonly tokenOut: string;
  readonly key?: string;
  readonly receipts?: string;
}

/** `countersign admin login NAME`, `… logout`. */
export function addLogin(admin: Command, { run, given, finish }: Tree): void {
  admin
    .command("login <name>")
    .description("a token for eight hours by your key alone, where your own one is not at hand")
    .requiredOption("--token-out <file>", "new file (0600) for the token; it is drawn here and printed nowhere")
    .option("--key <serial>", "which key, when several are plugged in")
    .option("--receipts <folder>", "where the receipt of your key's yes is kept (default: here)")
    .action(async (name: string, options: LoginOptions) => finish(await loginCommand(name, options, given())));
  admin
    .command("logout")
    .description("ends the token in your token file, and removes the file")
    .action(() => run(logOut));
}

async function loginCommand(adminId: string, options: LoginOptions, given: CommandGiven): Promise<ExitCode> {
  const drawn = drawToken("cs_admin_", options.tokenOut);
  try {
    const exit = await withAdminToken(given, readToken(drawn.path, "cs_admin_"), (on) =>
      login(on, { adminId, drawn }, options),
    );
    if (exit !== ExitCode.DONE) drawn.discard();
    return exit;
  } catch (error) {
    drawn.discard();
    throw error;
  }
}

function login(
  on: AdminGiven,
  { adminId, drawn }: { readonly adminId: string; readonly drawn: DrawnToken },
  options: LoginOptions,
): Promise<ExitCode> {
  const { given, core } = on;
  const { terminal } = given;
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    const request = AdminServiceBeginLoginRequest.create({ adminId, tokenSha256: drawn.sha256 });
    const begun = await call(on.admin.beginLogin.bind(on.admin), request, { ...core, token: undefined });
    const part = { isPart: true, receipts: options.receipts };
    const exit = await takeToKey(begun, { core, daemon, key }, given, part);
    if (exit !== ExitCode.DONE) return exit;
    const finishing = { ...core, token: new Token(begun.confirmationToken) };
    const opened = await call(on.admin.finishLogin.bind(on.admin), AdminServiceFinishLoginRequest.create(), finishing);
    const expiresAt = momentText(opened.expiresAt);
    terminal.record({ state: "LOGGED_IN", adminId: opened.adminId, expiresAt, tokenFile: drawn.path });
    const words = `${opened.adminId} is logged in until ${expiresAt}; token in ${drawn.path} (0600)`;
    terminal.result(printable(`  ${terminal.sign("done")} ${words}`));
    return ExitCode.DONE;
  });
}

/** A file that holds no token any more would only mislead. */
async function logOut(on: AdminGiven): Promise<ExitCode> {
  const { terminal, settings } = on.given;
  const path = settings.get("adminTokenFile");
  if (path === undefined) throw refused("--admin-token FILE or COUNTERSIGN_ADMIN_TOKEN_FILE is needed");
  const { sha256 } = drawnBefore("cs_admin_", path);
  const request = AdminServiceLogOutRequest.create({ tokenSha256: sha256 });
  await call(on.admin.logOut.bind(on.admin), request, on.core).catch((error: unknown) => {
    // A first answer got lost: the token is out already.
    if (!(error instanceof CoreError && error.reason === "UNAUTHENTICATED")) throw error;
  });
  rmSync(path, { force: true });
  terminal.record({ state: "LOGGED_OUT", tokenFile: path });
  terminal.result(printable(`  ${terminal.sign("done")} logged out; ${path} is removed`));
  return ExitCode.DONE;
}

import type { Command } from "commander";
import { AdminServiceWhoAmIResponse, AdminState, Role } from "@countersign/proto/node/admin/v1/admin_service";
import { CliError } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumName } from "./enum-name.ts";
import { messageJson } from "./message-json.ts";
import { whoAmI } from "./own-key.ts";
import type { Tree } from "./tree.ts";

/** `countersign admin whoami`. */
export function addWhoAmI(admin: Command, { run }: Tree): void {
  admin
    .command("whoami")
    .description("who you are, and what you lack to change anything")
    .action(() => run(tellWhoAmI));
}

export async function tellWhoAmI(on: AdminGiven): Promise<ExitCode> {
  const { terminal } = on.given;
  const answer = await whoAmI(on);
  const { admin, hasKey, hasChat } = answer;
  if (admin === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer is empty");
  terminal.record(messageJson(AdminServiceWhoAmIResponse, answer));
  const reach = admin.tenantId === "" ? "of all tenants" : `of tenant ${admin.tenantId}`;
  const words = `${admin.adminId}  ${enumName(Role, admin.role)} ${reach}  ${enumName(AdminState, admin.state)}`;
  terminal.result(printable(words));
  terminal.result(`  ${terminal.sign(hasKey ? "done" : "failed")} key${hasKey ? "" : KEY_NEXT}`);
  terminal.result(`  ${terminal.sign(hasChat ? "done" : "failed")} chat${hasChat ? "" : CHAT_NEXT}`);
  return ExitCode.DONE;
}

const KEY_NEXT = " missing: countersign admin key own";
const CHAT_NEXT = " missing: countersign admin link own PLATFORM";

import type { Command } from "commander";
import { addAuditFiles } from "../audit/audit-program.ts";
import type { ExitCode } from "../exit-code.ts";
import type { CommandGiven } from "../session.ts";
import { addAdmins } from "./admins.ts";
import { addApps } from "./app.ts";
import { addAudit } from "./audit.ts";
import { addBots } from "./bot.ts";
import { addChanges } from "./change-commands.ts";
import { addClaim } from "./claim.ts";
import { addDeliveries } from "./delivery.ts";
import { addKeys } from "./key.ts";
import { addLinks } from "./link.ts";
import { addLogin } from "./login.ts";
import { addPolicy } from "./policy.ts";
import { addStatus } from "./status.ts";
import { addTenants } from "./tenant.ts";
import { addTokens } from "./token.ts";
import { treeOf } from "./tree.ts";
import { addTransactions } from "./tx.ts";
import { addUsers } from "./user.ts";
import { addWebhooks } from "./webhook.ts";
import { addWhoAmI } from "./whoami.ts";

/** `countersign admin …`: everything that administrators do. */
export function addAdmin(program: Command, given: () => CommandGiven, finish: (code: ExitCode) => void): void {
  const admin = program
    .command("admin")
    .description("runs the installation: what stops acts at once, what loosens takes your key");
  const tree = treeOf(given, finish);
  addClaim(admin, tree);
  addLogin(admin, tree);
  addWhoAmI(admin, tree);
  addStatus(admin, tree);
  addTenants(admin, tree);
  addApps(admin, tree);
  addBots(admin, tree);
  addTokens(admin, tree);
  addUsers(admin, tree);
  addKeys(admin, tree);
  addLinks(admin, tree);
  addPolicy(admin, tree);
  addTransactions(admin, tree);
  addDeliveries(admin, tree);
  addChanges(admin, tree);
  addWebhooks(admin, tree);
  addAdmins(admin, tree);
  addAuditFiles(addAudit(admin, tree), tree);
}

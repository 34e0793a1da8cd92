import { credentials } from "@grpc/grpc-js";
import { AdminServiceClient } from "@countersign/proto/node/admin/v1/admin_service";
import { AuditServiceClient } from "@countersign/proto/node/admin/v1/audit_service";
import { WebhookServiceClient } from "@countersign/proto/node/admin/v1/webhook_service";
import { CoreError, type CoreConnection, type Token } from "@countersign/sdk";
import { CliError, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { openWithToken, type CommandGiven } from "../session.ts";
import { readToken } from "./token-file.ts";

/** What an administrator's command works with. */
export interface AdminGiven {
  readonly given: CommandGiven;
  /** Its token is the administrator's. */
  readonly core: CoreConnection;
  readonly admin: AdminServiceClient;
  readonly audit: AuditServiceClient;
  readonly webhooks: WebhookServiceClient;
}

/** Runs with the administrator's token, which is read from its file alone, and closes the connection. */
export function withAdmin<T>(given: CommandGiven, run: (on: AdminGiven) => Promise<T>): Promise<T> {
  const path = given.settings.get("adminTokenFile");
  if (path === undefined) {
    throw refused(
      "--admin-token FILE or COUNTERSIGN_ADMIN_TOKEN_FILE is needed: a file (0600) with an administrator's token; " +
        "who has none yet: countersign admin claim",
    );
  }
  return withAdminToken(given, readToken(path, "cs_admin_"), run);
}

/** As withAdmin, with a token that the settings do not name: one's first, or an invitation. */
export async function withAdminToken<T>(
  given: CommandGiven,
  token: Token,
  run: (on: AdminGiven) => Promise<T>,
): Promise<T> {
  const core = openWithToken(given, token);
  const channelOverride = core.transactions.getChannel();
  // The channel is the other services' own: address and credentials are theirs.
  const admin = new AdminServiceClient("shared", credentials.createInsecure(), { channelOverride });
  const audit = new AuditServiceClient("shared", credentials.createInsecure(), { channelOverride });
  const webhooks = new WebhookServiceClient("shared", credentials.createInsecure(), { channelOverride });
  try {
    return await run({ given, core, admin, audit, webhooks });
  } catch (error) {
    throw error instanceof CoreError ? inWordsOf(error) : error;
  } finally {
    core.close();
  }
}

const NOT_FOR_HIM: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: "the token opens nothing: it was revoked, has ended, or its administrator is disabled",
  NOT_ALLOWED: "your role may not do this, or not there: countersign admin whoami",
};

/** What a field of a request is called on the command line. */
const OPTION: Readonly<Record<string, string>> = {
  tenant_id: "--tenant",
  user_id: "USER",
  page_size: "--limit",
  url: "URL",
  type: "EVENT",
  webhook_id: "--message",
};

/** Refusals that mean something else to an administrator than to a payer. */
function inWordsOf(error: CoreError): unknown {
  const words = NOT_FOR_HIM[error.reason];
  if (words !== undefined) return new CliError(ExitCode.NOT_ALLOWED, `${words} (the core: ${error.message})`);
  if (error.violations.length === 0) return error;
  const fields = error.violations.map(({ field, description }) => {
    const more = field === "tenant_id" ? "; countersign admin tenant list names them" : "";
    return `${OPTION[field] ?? field}: ${description}${more}`;
  });
  return refused(fields.join("\n"));
}

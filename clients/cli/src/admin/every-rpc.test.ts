// A new RPC, or a new kind of change, without a command is red here.
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { AdminServiceService } from "@countersign/proto/node/admin/v1/admin_service";
import { Webhook, WebhookDelivery, WebhookServiceService } from "@countersign/proto/node/admin/v1/webhook_service";
import { AuditServiceService } from "@countersign/proto/node/admin/v1/audit_service";
import { MESSAGES } from "@countersign/proto/wire-schema";
import { CODE } from "@countersign/sdk/testing";
import { ADMIN_TOKEN, AdminCli, INVITATION } from "../testing/admin-cli.ts";

const ID = "0123456789abcdef0123456789abcdef";
const HASH = "ab".repeat(32);

/** One command line each; FILE… are files that the test writes. */
/** Not below `admin`. */
const TOP = "countersign";

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "AdminService/WhoAmI": ["whoami"],
  "AdminService/Claim": ["claim", "FILE.invitation", "--as", "anna", "--token-out", "NEW", "--token-only"],
  "AdminService/BeginLogin": ["login", "anna", "--token-out", "NEW"],
  "AdminService/FinishLogin": ["login", "anna", "--token-out", "NEW"],
  "AdminService/LogOut": ["logout"],
  "AdminService/BeginOwnEnrolment": ["key", "own"],
  "AdminService/ConfirmOwnKey": ["key", "confirm-own", ID, "--fingerprint", "1f2e3d4c5b6a7988"],
  "AdminService/BeginOwnLink": ["link", "own", "sandbox"],
  "AdminService/WatchOwnLink": ["link", "own", "sandbox"],
  "AdminService/GetSummary": ["status"],
  "AdminService/ListAdmins": ["admin", "list", "--role", "owner", "--state", "active"],
  "AdminService/DisableAdmin": ["admin", "disable", "carl"],
  "AdminService/ListTenants": ["tenant", "list", "--name", "bank"],
  "AdminService/ListApps": ["app", "list", "--scope", "submit", "--disabled"],
  "AdminService/DisableApp": ["app", "disable", ID],
  "AdminService/ListBots": ["bot", "list", "--platform", "sandbox"],
  "AdminService/DisableBot": ["bot", "disable", ID],
  "AdminService/PauseBot": ["bot", "pause", ID],
  "AdminService/RevokeToken": ["token", "revoke", "app", ID, HASH],
  "AdminService/GetPolicy": ["policy", "get"],
  "AdminService/SimulatePolicy": ["policy", "simulate", "FILE.policy"],
  "AdminService/ListUsers": ["user", "list", "--prefix", "e", "--state", "frozen"],
  "AdminService/CreateUser": ["user", "create", "erika", "--phrase", "blue teapot"],
  "AdminService/InviteUser": ["user", "invite", "erika"],
  "AdminService/SuspendUser": ["user", "suspend", "erika"],
  "AdminService/FreezeUser": ["user", "freeze", "erika"],
  "AdminService/ListKeys": ["key", "list", "--of", "erika", "--state", "active"],
  "AdminService/RevokeKey": ["key", "revoke", ID],
  "AdminService/ListLinks": ["link", "list", "--of", "erika", "--platform", "mail"],
  "AdminService/RevokeLink": ["link", "revoke", ID, "--of", "erika"],
  "AdminService/ListTransactions": ["tx", "list", "--state", "tampered", "--kind", "pay", "--tag", "amber tiger"],
  "AdminService/GetTransaction": ["tx", "show", ID],
  "AdminService/CancelTransaction": ["tx", "cancel", ID, "--reason", "wrong payee"],
  "AdminService/ListDeliveries": ["delivery", "list", "--state", "failed", "--of", "erika"],
  "AdminService/RequeueDelivery": ["delivery", "requeue", ID, ID],
  "AdminService/SendTestMessage": ["bot", "test", ID],
  "AdminService/ExplainDelivery": ["user", "why", "erika"],
  "AdminService/RequestChange": ["user", "resume", "erika"],
  "AdminService/ApproveChange": ["change", "approve", ID],
  "AdminService/RejectChange": ["change", "reject", ID, "--reason", "no"],
  "AdminService/GetChange": ["change", "show", ID],
  "AdminService/ListChanges": ["change", "list", "--state", "partial", "--by", "anna"],
  "AuditService/List": ["audit", "list", "--event", "policy.", "--after", "7d"],
  "AuditService/Tail": ["audit", "tail", "--event", "policy."],
  "AuditService/Export": ["audit", "export", "--out", "NEW"],
  "AuditService/ListHeads": ["audit", "heads"],
  "WebhookService/Create": [
    "webhook",
    "add",
    "https://hooks.example/",
    "--event",
    "transaction.executed",
    "--for",
    "x",
  ],
  "WebhookService/List": ["webhook", "list"],
  "WebhookService/Rotate": ["webhook", "rotate", ID, "--secret-out", "NEW"],
  "WebhookService/Pause": ["webhook", "pause", ID],
  "WebhookService/Resume": ["webhook", "resume", ID],
  "WebhookService/Remove": ["webhook", "remove", ID],
  "WebhookService/ListDeliveries": ["webhook", "deliveries", ID, "--state", "dead"],
  "WebhookService/Replay": ["webhook", "replay", ID, "--since", "24h"],
  "WebhookService/SendTest": ["webhook", "test", ID],
  "WebhookService/Trigger": [TOP, "trigger", "transaction.executed"],
  "WebhookService/Listen": [TOP, "listen", "--forward-to", "http://127.0.0.1:9/"],
};

/** One command line for each kind of change. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  createTenant: ["tenant", "create", "bank", "--issuer", "Example Bank"],
  createApp: ["app", "create", "shop", "--scope", "submit", "--token-out", "NEW"],
  createBot: ["bot", "create", "help", "--platform", "sandbox", "--token-out", "NEW"],
  addToken: ["app", "rotate", ID, "--token-out", "NEW", "--overlap", "24h"],
  enableApp: ["app", "enable", ID],
  enableBot: ["bot", "enable", ID],
  resumeBot: ["bot", "resume", ID],
  setPolicy: ["policy", "set", "FILE.policy"],
  resumeUser: ["user", "resume", "erika"],
  thawUser: ["user", "thaw", "erika"],
  confirmKey: ["key", "confirm", ID, "--fingerprint", "1f2e3d4c5b6a7988"],
  createAdmin: ["admin", "create", "bob", "--role", "owner", "--token-out", "NEW"],
  enableAdmin: ["admin", "enable", "bob"],
  recoverUser: ["user", "recover", "erika", "--reason", "lost on a trip"],
  recoverAdmin: ["admin", "recover", "bob", "--token-out", "NEW"],
};

/** Where it is not the administrator's own. */
const TOKENS: Readonly<Record<string, () => string>> = {
  Claim: () => INVITATION,
  BeginLogin: () => "",
  FinishLogin: () => cli.world.core.only.token,
};

let cli: AdminCli;
beforeEach(async () => {
  cli = await AdminCli.open([{ type: "approve", code: CODE }]);
  cli.world.write(cli.path("FILE.invitation"), `${INVITATION}\n`);
  cli.world.write(cli.path("FILE.policy"), JSON.stringify({ tries: 2 }));
  cli.answer("GetPolicy", { policy: { version: 1, documentJson: '{"tries":3}', advice: [] } });
  cli.answer("WhoAmI", {
    admin: { adminId: "anna", role: 1, tenantId: "", state: 2, createdAt: undefined, tokens: [] },
  });
  cli.answerLogin();
  cli.answer("Tail", { ends: true });
  cli.answer("Listen", { ends: true });
  const webhook = Webhook.create({ endpointId: ID, url: "https://hooks.example/", generation: 1 });
  cli.answer("List", { webhooks: [webhook], events: [], nextPageToken: "" });
  for (const rpc of ["Create", "Rotate", "Pause", "Resume"]) cli.answer(rpc, { webhook, secret: "whsec_AAAA" });
  cli.answer("SendTest", { webhookId: "evt_test_1" });
  const tested = WebhookDelivery.create({ webhookId: "evt_test_1", state: 2, attempts: 1, lastResult: "2xx" });
  cli.answer("ListDeliveries", { deliveries: [tested], nextPageToken: "" });
  cli.answer("Export", { ends: true });
  cli.answer("BeginOwnLink", { link: { linkId: ID, linkToken: "token", deepLink: "", expiresAt: undefined } });
  cli.answer("WatchOwnLink", { link: { state: 3, confirmationToken: "", reason: "" }, ends: true });
});
afterEach(() => cli.close());

const inFolder = (args: readonly string[]): string[] =>
  args.map((arg) => (arg === "NEW" || arg.startsWith("FILE.") ? cli.path(arg) : arg));

const run = (args: readonly string[]): ReturnType<AdminCli["run"]> =>
  args[0] === TOP ? cli.world.run(...args.slice(1)) : cli.run(...args);

const rpcs = [AdminServiceService, AuditServiceService, WebhookServiceService].flatMap((service) =>
  Object.values(service).map(({ path }) => path.replace("/countersign.admin.v1.", "")),
);

test("every RPC has a command", () => {
  expect(new Set(Object.keys(COMMANDS))).toEqual(new Set(rpcs));
});

describe("each command asks its RPC with the administrator's token", () => {
  test.each(Object.entries(COMMANDS))("%s", async (rpc, args) => {
    const { err } = await run(inFolder(args));
    const name = rpc.split("/")[1] ?? "";
    const asked = cli.asked.filter((each) => each.rpc === name);
    expect({ err, asked: asked.length > 0 }).toEqual({ err, asked: true });
    expect(new Set(asked.map(({ token }) => token))).toEqual(new Set([TOKENS[name]?.() ?? ADMIN_TOKEN]));
  });
});

test("every kind of change has a command", () => {
  const kinds = Object.values(MESSAGES[".countersign.admin.v1.Action"] ?? {}).map(([name]) =>
    name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
  );
  expect(Object.keys(CHANGES).toSorted()).toEqual(kinds.toSorted());
});

describe("each kind of change is asked for by its command", () => {
  test.each(Object.entries(CHANGES))("%s", async (kind, args) => {
    const { err } = await cli.run(...inFolder(args));
    const [request] = cli.requests("RequestChange") as { action: { what: { $case: string } } }[];
    expect({ err, kind: request?.action.what.$case }).toEqual({ err, kind });
  });
});

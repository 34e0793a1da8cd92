// What an administrator sees, word by word.
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Kind, Label } from "@countersign/protocol";
import {
  App,
  Bot,
  AppScope,
  ChangeState,
  DeliveryReason,
  Role,
  Tenant,
} from "@countersign/proto/node/admin/v1/admin_service";
import { AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";
import { DeliveryAttempt, DeliveryState } from "@countersign/proto/node/core/v1/code_service";
import { Line, State } from "@countersign/proto/node/core/v1/content";
import { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { ExitCode } from "../exit-code.ts";
import { AdminCli, INVITATION } from "../testing/admin-cli.ts";
import { CHANGE_ID, changeOf } from "../testing/admin-messages.ts";

const AT = { seconds: 1_795_000_000n, nanos: 0 };
const APP = "aaaa1111aaaa1111aaaa1111aaaa1111";
const TOKEN = { tokenSha256: "3fa9c1d2".repeat(8), issuedAt: AT, expiresAt: undefined };

let cli: AdminCli;
beforeEach(async () => {
  cli = await AdminCli.open();
});
afterEach(() => cli.close());

const digest = (byte: number): Buffer => Buffer.alloc(32, byte);
const auditEvent = (seq: bigint): AuditEvent =>
  AuditEvent.create({
    shard: 1,
    seq,
    at: AT,
    event: "policy.changed",
    actor: "admin:anna",
    subject: "tenant:x",
    detailJson: "{}",
  });

const shop = App.create({ appId: APP, name: "shop", scope: AppScope.SUBMIT, tokens: [TOKEN] });
const ledger = App.create({ appId: "aaaa2222".repeat(4), name: "ledger", scope: AppScope.EXECUTE, disabled: true });

describe("lists", () => {
  test("on a terminal a table, elsewhere tabs, with --json one object a row", async () => {
    cli.answer("ListApps", { apps: [shop, ledger] });
    expect((await cli.onTerminal(100, "app", "list")).out).toBe(
      [
        "NAME    SCOPE    STATE     TOKENS       ID",
        "shop    SUBMIT   enabled   1: 3fa9c1d2  aaaa1111",
        "ledger  EXECUTE  disabled  none         aaaa2222",
        "",
      ].join("\n"),
    );
    const piped = await cli.run("app", "list");
    expect(piped.out).toBe(
      `shop\tSUBMIT\tenabled\t1: 3fa9c1d2\t${APP}\nledger\tEXECUTE\tdisabled\tnone\t${"aaaa2222".repeat(4)}\n`,
    );
    const asJson = await cli.run("--json", "app", "list");
    expect(asJson.json()[0]).toEqual({
      ...{ appId: APP, name: "shop", scope: "SUBMIT", disabled: false },
      tokens: [{ tokenSha256: TOKEN.tokenSha256, issuedAt: "2026-11-18T11:06:40.000Z" }],
    });
    expect([asJson.json().length, asJson.err]).toEqual([2, ""]);
  });

  test("--limit and --all follow the pages; that there is more stands on stderr", async () => {
    cli.answer("ListApps", ({ pageToken }) =>
      pageToken === ""
        ? { apps: [shop], nextPageToken: "2" }
        : pageToken === "2"
          ? { apps: [], nextPageToken: "3" }
          : { apps: [ledger] },
    );
    const one = await cli.run("app", "list", "--limit", "1");
    expect([one.out.split("\n").length, one.err]).toEqual([2, "  There are more: --all, or a larger --limit.\n"]);
    const all = await cli.run("app", "list", "--all");
    expect([all.out.split("\n").length, all.err]).toEqual([3, ""]);
    expect(cli.requests("ListApps").map(({ pageSize }) => pageSize)).toEqual([1, 100, 100, 100]);
    expect((await cli.run("app", "list", "--limit", "0")).code).toBe(ExitCode.REFUSED_INPUT);
    expect((await cli.run("app", "list", "--limit", "5", "--all")).code).toBe(ExitCode.REFUSED_INPUT);
  });

  test("a tenant goes by its name; filters are words", async () => {
    const tenantId = "beef".repeat(8);
    cli.answer("ListTenants", { tenants: [Tenant.create({ tenantId, name: "acme", issuer: "Acme Bank" })] });
    await cli.run(
      "tx",
      "list",
      "--tenant",
      "Acme Bank",
      "--of",
      "erika",
      "--state",
      "tampered,rejected",
      "--kind",
      "pay",
    );
    const named = { tenantId, userId: "erika", states: [State.TAMPERED, State.REJECTED], kinds: [Kind.PAY] };
    expect(cli.requests("ListTransactions")).toMatchObject([named]);
    const { code, err } = await cli.run("tx", "list", "--state", "lost");
    expect([code, err]).toEqual([2, expect.stringContaining("--state lost: expected one of pending, partial")]);
    expect((await cli.run("tx", "list", "--after", "yesterday")).err).toContain("--after yesterday: expected a moment");
  });
});

describe("names", () => {
  test("the beginning of an id or a name is enough; what is not clear does nothing and lists all", async () => {
    cli.answer("ListApps", ({ pageToken }) =>
      pageToken === "" ? { apps: [shop, ledger], nextPageToken: "2" } : { apps: [ledger] },
    );
    cli.answer("DisableApp", { app: shop });
    expect((await cli.run("app", "disable", "aaaa1")).out).toBe(
      "  ✔ app shop is disabled: its tokens open nothing from now on\n",
    );
    expect(cli.requests("DisableApp")).toMatchObject([{ appId: APP }]);
    const several = await cli.run("app", "disable", "aaaa");
    expect([several.code, several.err]).toEqual([
      2,
      `countersign: "aaaa": several could be meant; name one of ${APP} (shop), ${"aaaa2222".repeat(4)} (ledger)\n`,
    ]);
    expect((await cli.run("app", "disable", "nobody")).err).toContain('"nobody": no app is called that; name one of');
    expect(cli.requests("DisableApp")).toHaveLength(1);
  });

  test("a stop with a whole id asks for no list", async () => {
    cli.answer("DisableBot", { bot: Bot.create({ name: "help" }) });
    expect((await cli.run("bot", "disable", APP)).code).toBe(0);
    expect(cli.asked.map(({ rpc }) => rpc)).toEqual(["DisableBot"]);
  });
});

describe("two administrators edit the same rules", () => {
  beforeEach(() => {
    cli.answer("GetPolicy", { policy: { version: 2, documentJson: '{"digits":6,"tries":2}', advice: [] } });
    cli.world.write(cli.path("mine.json"), JSON.stringify({ $version: 1, digits: 7, tries: 3 }));
  });

  test("the second is told both versions and what to do, before any key is asked", async () => {
    const { code, err } = await cli.run("policy", "set", cli.path("mine.json"));
    expect(code).toBe(ExitCode.VERSION_CONFLICT);
    expect(err).toContain(
      "was made from version 1, and version 2 is in force: somebody else changed the rules. Nothing was asked.",
    );
    expect(err).toContain("countersign admin policy diff");
    expect(cli.requests("RequestChange")).toEqual([]);
  });

  test("also when the other one was faster between the look and the request", async () => {
    const metadata = { version: "3" };
    cli.errors.set("RequestChange", [{ code: status.FAILED_PRECONDITION, reason: "STATE_CONFLICT", metadata }]);
    const { code, err } = await cli.run("policy", "set", cli.path("mine.json"), "--expect", "2");
    expect([code, err]).toEqual([ExitCode.VERSION_CONFLICT, expect.stringContaining("version 3 is in force")]);
    expect(cli.requests("RequestChange")).toMatchObject([{ action: { what: { value: { expectedVersion: 2 } } } }]);
  });

  test("diff and simulation come first, and the file's version is no rule", async () => {
    cli.answer("SimulatePolicy", { lookedAt: 200, advice: ["C without a limit"] });
    const { err } = await cli.run("policy", "set", cli.path("mine.json"), "--expect", "2");
    expect(err.split("\n").slice(0, 4)).toEqual([
      "  digits: 6 → 7",
      "  tries: 2 → 3",
      "  Of the latest 200 transactions 0 would have come out otherwise",
      "  ⚠ C without a limit",
    ]);
    expect(cli.requests("SimulatePolicy")).toMatchObject([{ documentJson: '{"digits":7,"tries":3}' }]);
  });

  test("get writes what set reads; what is no JSON names file and place", async () => {
    expect((await cli.run("policy", "get", "--out", cli.path("now.json"))).code).toBe(0);
    expect((await cli.run("policy", "diff", cli.path("now.json"))).out).toBe("nothing differs\n");
    expect((await cli.run("policy", "set", cli.path("now.json"))).err).toContain("changes nothing");
    cli.world.write(cli.path("bad.json"), "{");
    expect((await cli.run("policy", "diff", cli.path("bad.json"))).err).toContain(
      `${cli.path("bad.json")}: is no JSON`,
    );
  });
});

describe("claim", () => {
  const me = { admin: { adminId: "anna", role: Role.OWNER, tenantId: "", state: 2, createdAt: AT, tokens: [] } };
  let args: readonly string[];
  beforeEach(() => {
    cli.answer("Claim", me);
    cli.answer("WhoAmI", { ...me, hasKey: true, hasChat: true });
    const file = cli.world.write(cli.path("first-admin.token"), `${INVITATION}\n`);
    args = ["claim", file, "--as", "anna", "--token-out", cli.path("own.token")];
  });

  test("run again after an interruption it takes the token that is there: the same hash", async () => {
    cli.errors.set("Claim", [{ code: status.DEADLINE_EXCEEDED }]);
    expect((await cli.run(...args)).code).toBe(ExitCode.ENVIRONMENT);
    const { code, out, err } = await cli.run(...args);
    expect([code, out]).toEqual([0, "anna  OWNER of all tenants  ACTIVE\n  ✔ key\n  ✔ chat\n"]);
    const [first, second] = cli.requests("Claim");
    expect(second).toEqual(first);
    expect(out + err).not.toMatch(/cs_(?:admin|invite)_/);
  });
});

test("tx show of a TAMPERED transaction: the core's lines, both digests, the timeline, where the codes went", async () => {
  const transaction = Transaction.create({
    ...{ transactionId: APP, userId: "erika", state: State.TAMPERED, tag: "AMBER TIGER", reason: "TAMPERED" },
    ...{ kind: Kind.PAY, createdAt: AT, expiresAt: AT, txDigest: digest(1) },
    lines: [Line.create({ label: Label.TO, value: "Müller GmbH" })],
  });
  const attempt = DeliveryAttempt.create({ platform: "telegram", state: DeliveryState.SENT, issue: 1, at: AT });
  const event = { event: "statement.refused", actor: "client", at: AT, detailJson: '{"reason":"TAMPERED"}', seq: 4n };
  cli.answer("GetTransaction", {
    transaction,
    signedDigest: digest(2),
    events: [event],
    delivery: { attempts: [attempt] },
  });
  const { out } = await cli.run("tx", "show", APP);
  expect(out.split("\n")).toEqual([
    `${APP}  TAMPERED  AMBER TIGER`,
    "of erika  created 2026-11-18T11:06:40Z, to confirm until 2026-11-18T11:06:40Z",
    "To  Müller GmbH",
    "Reason: TAMPERED",
    "TAMPERED: above stands what the core holds; the key signed something else. The user's PC may be unsafe.",
    `Digest of the core     ${"01".repeat(32)}`,
    `Digest that was signed ${"02".repeat(32)}`,
    "What happened:",
    "  2026-11-18T11:06:40Z  statement.refused  by client  reason=TAMPERED",
    "Where its codes went:",
    "  2026-11-18T11:06:40Z  telegram  SENT  code 1  channel ",
    "",
  ]);
  const [json] = (await cli.run("--json", "tx", "show", APP)).json();
  expect(json).toMatchObject({
    signedDigest: "02".repeat(32),
    transaction: { txDigest: "01".repeat(32), state: "TAMPERED" },
  });
});

test("change show: lines, who confirmed, whose keys are missing", async () => {
  const approvals = [{ adminId: "anna", transactionId: APP, approvedAt: AT }];
  cli.answer("GetChange", { change: changeOf({ state: ChangeState.PARTIAL, approvalsNeeded: 2, approvals }) });
  const { out } = await cli.run("change", "show", CHANGE_ID);
  expect(out.split("\n")).toEqual([
    `${CHANGE_ID}  PARTIAL  MEDIUM, takes the keys of 2 administrators`,
    "Action  New app",
    "Target  app shop",
    "asked for by anna  2026-11-18T11:06:40Z, until 2026-11-25T11:06:40Z",
    `confirmed by anna  2026-11-18T11:06:40Z  transaction ${APP}`,
    "anna confirmed; missing the key of one of: there is nobody else who may: invite an administrator",
    "",
  ]);
});

test("user why: what is wrong first, what to do, then each channel", async () => {
  const finding = {
    reason: DeliveryReason.BOT_PAUSED,
    text: "An administrator paused the bot.",
    advice: "Resume it.",
    detail: "",
  };
  const whole = { ...finding, since: AT, until: undefined, by: "admin:anna", ahead: 0, providerId: "" };
  const channels = [{ linkId: APP, platform: "telegram", botId: APP, finding: whole }];
  cli.answer("ExplainDelivery", { userId: "erika", finding: whole, channels, transactions: [] });
  expect((await cli.run("user", "why", "erika")).out.split("\n")).toEqual([
    "erika: An administrator paused the bot.",
    "Do next: Resume it.",
    "Channels now:",
    "  telegram  BOT_PAUSED: An administrator paused the bot. (since 2026-11-18T11:06:40Z)",
    "",
  ]);
});

test("status: what is open, how it ended, how long it took, and what somebody has to do something about", async () => {
  const ended = { start: AT, confirmed: 3n, rejected: 0n, tampered: 1n, expired: 0n, locked: 0n, undeliverable: 0n };
  const time = { count: 3n, median: { seconds: 21n, nanos: 500_000_000 }, p95: { seconds: 40n, nanos: 0 } };
  cli.answer("GetSummary", {
    ...{ at: AT, index: { read: 1024, of: 1024 }, open: [{ state: State.PENDING, count: 2n }], minutes: [] },
    ...{ hours: [{ ...ended, cancelled: 0n }], timeToConfirm: time, deadLetters: 1n, pendingChanges: 0n },
    ...{
      platforms: [{ platform: "telegram", time, failed: 1n }],
      bots: { total: 2, attached: 1, paused: 0, waiting: 4 },
    },
  });
  expect((await cli.run("status")).out.split("\n")).toEqual([
    "as of 2026-11-18T11:06:40Z",
    "open      2 PENDING",
    "hour      nothing ended",
    "day       3 confirmed, 1 tampered",
    "confirm   half within 21.5 s, 95 % within 40.0 s (3)",
    "code by   telegram: half within 21.5 s, 95 % within 40.0 s (3), 1 failed",
    "bots      1 of 2 attached, 0 paused, 4 messages wait",
    "⚠ messages that got nowhere: 1; countersign admin delivery list --state failed",
    "",
  ]);
  const [json] = (await cli.run("--json", "status")).json();
  expect(json).toMatchObject({ timeToConfirm: { count: 3, median: 21.5 }, open: [{ state: "PENDING", count: 2 }] });
});

test("audit tail tells each event once over a broken stream, and goes on behind the cursor", async () => {
  cli.answer("Tail", ({ cursor }) =>
    cursor === ""
      ? { events: [auditEvent(1n)], cursor: "c1", breaks: true }
      : { events: [auditEvent(1n), auditEvent(2n)], cursor: "c2", ends: true },
  );
  const { code, out } = await cli.run("audit", "tail", "--event", "policy.");
  const line = "2026-11-18T11:06:40Z  policy.changed  tenant:x  by admin:anna\n";
  expect([code, out]).toEqual([0, line + line]);
  expect(cli.requests("Tail")).toMatchObject([{ cursor: "", event: "policy." }, { cursor: "c1" }]);
});

test("settings: no token file, one of another kind, one that others may read", async () => {
  const { config } = cli.world;
  const bare = await cli.world.runWith(
    { env: {}, tty: false },
    "--config",
    config,
    "--admin-token",
    "",
    "admin",
    "whoami",
  );
  expect(bare.code).toBe(2);
  const wrong = cli.world.write(join(cli.world.folder, "app.token"), `cs_app_${"x".repeat(43)}\n`);
  const env = { COUNTERSIGN_ADMIN_TOKEN_FILE: wrong };
  const { code, err } = await cli.world.runWith({ env, tty: false }, "--config", config, "admin", "whoami");
  expect([code, err]).toEqual([2, `countersign: ${wrong}: holds something else than an administrator's token\n`]);
});

// The endings of a change, each with its exit code, sentence and last --json line.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Kind, Label, RejectReason } from "@countersign/protocol";
import { ChangeState } from "@countersign/proto/node/admin/v1/admin_service";
import { CODE, type KeyAct } from "@countersign/sdk/testing";
import { ROOT } from "@countersign/testing";
import { ExitCode } from "../exit-code.ts";
import { AdminCli } from "../testing/admin-cli.ts";
import { changeOf, CHANGE_ID } from "../testing/admin-messages.ts";

let cli: AdminCli;
beforeEach(async () => {
  cli = await AdminCli.open();
});
afterEach(() => cli.close());

const APPROVE: KeyAct = { type: "approve", code: CODE };
const admin = (adminId: string, role: number): object => {
  return { adminId, role, tenantId: "", state: 2, createdAt: undefined, tokens: [] };
};
const LINES = [
  { label: Label.ACTION, value: "New app" },
  { label: Label.TARGET, value: "app shop" },
];

/** RequestChange answers a transaction that the fake core holds; GetChange the states, the last one for ever. */
function change(...states: readonly Parameters<typeof changeOf>[0][]): void {
  const held = () => cli.world.core.hold({ kind: Kind.ADMIN, lines: LINES, userId: "anna" });
  cli.answer("RequestChange", () => {
    const { transaction, token } = held();
    return { change: changeOf({ state: ChangeState.REQUESTED }), transaction, confirmationToken: token };
  });
  const left = [...states];
  cli.answer("GetChange", () => ({ change: changeOf((left.length > 1 ? left.shift() : left[0]) ?? {}) }));
}

const PARTIAL = {
  state: ChangeState.PARTIAL,
  approvalsNeeded: 2,
  approvals: [{ adminId: "anna", transactionId: CHANGE_ID, approvedAt: undefined }],
};

function create(...more: readonly string[]): ReturnType<AdminCli["run"]> {
  const token = ["--token-out", cli.path("shop.token"), "--receipts", cli.world.folder];
  return cli.run("app", "create", "shop", "--scope", "submit", ...token, ...more);
}

test("0: carried out, with the token in its file", async () => {
  cli.world.daemon.acts.push(APPROVE);
  change({ state: ChangeState.APPROVED }, { state: ChangeState.APPLIED });
  const { code, out, err } = await create();
  expect({ code, err }).toEqual({ code: 0, err });
  expect(out).toBe(`  ✔ Done: change ${CHANGE_ID} is carried out\n`);
  expect(err).toContain("Action  New app\n");
  expect(err).toMatch(/Confirmed by your key in \d+ s {3}receipt [0-9A-F-]{9} verified, kept in \S+\.json/);
  expect(readFileSync(cli.path("shop.token"), "utf8")).toMatch(/^cs_app_[A-Za-z0-9_-]{43}\n$/);
});

test("25: waits for others; says whose keys would do, keeps the token, and may be left", async () => {
  cli.world.daemon.acts.push(APPROVE);
  change(PARTIAL);
  cli.answer("ListAdmins", { admins: [admin("anna", 1), admin("bob", 1), admin("carl", 4)] });
  const { code, out, err } = await create("--no-wait");
  expect(code).toBe(ExitCode.CHANGE_WAITS);
  expect(out).toBe(`  ⚠ PARTIAL: change ${CHANGE_ID} waits · nothing was done yet\n`);
  expect(err).toContain("anna confirmed; missing the key of one of: bob\n");
  expect(err).toContain(`countersign admin change approve ${CHANGE_ID}`);
  expect(existsSync(cli.path("shop.token"))).toBe(true);
});

test("25: Ctrl-C while it waits leaves it as it is", async () => {
  cli.answer("GetChange", () => {
    setImmediate(() => cli.world.interrupt());
    return { change: changeOf(PARTIAL) };
  });
  const { code } = await cli.run("change", "wait", CHANGE_ID);
  expect(code).toBe(ExitCode.CHANGE_WAITS);
});

test.each([
  [
    ExitCode.CHANGE_REJECTED,
    { state: ChangeState.REJECTED, rejectedBy: "bob", detail: "not today" },
    "Rejected by bob (not today)",
  ],
  [
    ExitCode.EXECUTION_FAILED,
    { state: ChangeState.FAILED, failure: "STATE_CONFLICT" },
    "could not be carried out (STATE_CONFLICT)",
  ],
  [ExitCode.EXPIRED, { state: ChangeState.EXPIRED }, "was not confirmed in time"],
])("%d: %j", async (exit, ending, words) => {
  cli.world.daemon.acts.push(APPROVE);
  change(PARTIAL, ending);
  const { code, out } = await create();
  expect([code, out]).toEqual([exit, expect.stringContaining(words)]);
  expect(out).toContain("nothing was done");
  expect(existsSync(cli.path("shop.token"))).toBe(false);
});

test("10: the key's no ends it, and the token's file goes", async () => {
  cli.world.daemon.acts.push({ type: "reject", reason: RejectReason.NOT_ME });
  change({ state: ChangeState.REJECTED, rejectedBy: "anna" });
  const { code } = await create();
  expect(code).toBe(ExitCode.REJECTED_ON_KEY);
  expect(existsSync(cli.path("shop.token"))).toBe(false);
});

test("11: a transaction that lapsed leaves the change to be taken up again", async () => {
  cli.world.daemon.acts.push({ type: "wait" });
  change({ state: ChangeState.REQUESTED });
  const running = create();
  await cli.world.daemon.askedTimes(1);
  cli.world.core.change(cli.world.core.only, { state: 11 });
  const { code, err } = await running;
  expect(code).toBe(ExitCode.EXPIRED);
  expect(err).toContain(`Take it up again: countersign admin change approve ${CHANGE_ID}`);
  expect(existsSync(cli.path("shop.token"))).toBe(true);
});

test("14: without a key nothing is asked for", async () => {
  cli.world.daemon.keys.splice(0);
  const { code } = await create();
  expect([code, cli.asked]).toEqual([ExitCode.NO_KEY, []]);
  expect(existsSync(cli.path("shop.token"))).toBe(false);
});

test.each(["UNAUTHENTICATED", "NOT_ALLOWED"])("77: %s", async (reason) => {
  cli.errors.set("DisableApp", [{ code: status.PERMISSION_DENIED, reason }]);
  const { code, err } = await cli.run("app", "disable", CHANGE_ID);
  expect([code, err]).toEqual([
    ExitCode.NOT_ALLOWED,
    expect.stringMatching(/the token opens nothing|your role may not/),
  ]);
});

test("a refused request leaves no token behind; one that was not answered does, for it may have been taken", async () => {
  cli.errors.set("RequestChange", [{ code: status.ALREADY_EXISTS, reason: "ALREADY_EXISTS" }]);
  expect((await create()).code).toBe(ExitCode.REFUSED_INPUT);
  expect(existsSync(cli.path("shop.token"))).toBe(false);
  cli.errors.set("RequestChange", [{ code: status.DEADLINE_EXCEEDED }]);
  expect((await create()).code).toBe(ExitCode.ENVIRONMENT);
  expect(existsSync(cli.path("shop.token"))).toBe(true);
});

test("who makes several things in a row waits for the limit of prompts to pass", async () => {
  cli.world.daemon.acts.push(APPROVE);
  change({ state: ChangeState.APPLIED });
  cli.errors.set("RequestChange", [{ code: status.RESOURCE_EXHAUSTED, reason: "RATE_LIMITED", retryAfterMs: 1 }]);
  const { code, err } = await create();
  expect([code, err]).toEqual([0, expect.stringContaining("Too many confirmations within a minute")]);
  const [first, second] = cli.requests("RequestChange");
  expect(second).toEqual(first);
});

test("every exit code stands in docs/how-to/exit-codes.md", () => {
  const text = readFileSync(join(ROOT, "docs/how-to/exit-codes.md"), "utf8");
  const listed = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  expect(listed).toEqual(Object.values(ExitCode).toSorted((one, other) => one - other));
});

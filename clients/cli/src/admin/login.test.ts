// A token for eight hours by the key alone, and its end.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { RejectReason } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import { CODE, type KeyAct } from "@countersign/sdk/testing";
import { ExitCode } from "../exit-code.ts";
import { ADMIN_TOKEN, AdminCli } from "../testing/admin-cli.ts";
import type { Ran } from "../testing/cli.ts";

const UNTIL = { seconds: 1_795_028_800n, nanos: 0 };
const APPROVE: KeyAct = { type: "approve", code: CODE };

let cli: AdminCli;
let path: string;
beforeEach(async () => {
  cli = await AdminCli.open();
  path = cli.path("eight-hours.token");
  cli.answerLogin();
  cli.answer("FinishLogin", { adminId: "anna", expiresAt: UNTIL });
});
afterEach(() => cli.close());

const login = (...more: readonly string[]): Promise<Ran> =>
  cli.run("login", "anna", "--token-out", path, "--receipts", cli.world.folder, ...more);
const ownFile = (): string => cli.path("admin.token");
const askedRpcs = (): readonly string[] => cli.asked.map(({ rpc }) => rpc);
const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();

describe("login", () => {
  test("draws the token here, has the key sign the LOGIN, and opens the session by the LOGIN's own token", async () => {
    cli.world.daemon.acts.push(APPROVE);
    const { code, out, err } = await login();
    expect({ code, err }).toEqual({ code: ExitCode.DONE, err });
    expect(out).toBe(`  ✔ anna is logged in until 2026-11-18T19:06:40Z; token in ${path} (0600)\n`);
    expect(err).toMatch(/Target +Administrators' console\n/);
    const token = readFileSync(path, "utf8").trim();
    expect([token, statSync(path).mode & 0o777]).toEqual([
      expect.stringMatching(/^cs_admin_[A-Za-z0-9_-]{43}$/),
      0o600,
    ]);
    expect(cli.requests("BeginLogin")).toEqual([
      expect.objectContaining({ adminId: "anna", tokenSha256: hashOf(token) }),
    ]);
    const opened = cli.world.core.only.token;
    expect(cli.asked.map((each) => [each.rpc, each.token])).toEqual([
      ["BeginLogin", ""],
      ["FinishLogin", opened],
    ]);
    for (const secret of [token, opened]) expect(out + err).not.toContain(secret);
  });

  test("--json tells who, until when and where, and no token", async () => {
    cli.world.daemon.acts.push(APPROVE);
    const ran = await cli.run("--json", "login", "anna", "--token-out", path, "--receipts", cli.world.folder);
    expect(ran.json().at(-1)).toEqual({
      ...{ state: "LOGGED_IN", adminId: "anna", expiresAt: "2026-11-18T19:06:40Z", tokenFile: path },
    });
    expect(ran.out).not.toContain(readFileSync(path, "utf8").trim());
  });

  test("a no on the key opens nothing and leaves no file", async () => {
    cli.world.daemon.acts.push({ type: "reject", reason: RejectReason.NOT_ME });
    expect((await login()).code).toBe(ExitCode.REJECTED_ON_KEY);
    expect([askedRpcs(), existsSync(path)]).toEqual([["BeginLogin"], false]);
  });

  test("a LOGIN that lapses opens nothing and leaves no file", async () => {
    cli.world.daemon.acts.push({ type: "wait" });
    const running = login();
    await cli.world.daemon.askedTimes(1);
    cli.world.core.change(cli.world.core.only, { state: State.EXPIRED });
    expect((await running).code).toBe(ExitCode.EXPIRED);
    expect([askedRpcs(), existsSync(path)]).toEqual([["BeginLogin"], false]);
  });

  test("without a key nothing is asked for", async () => {
    cli.world.daemon.keys.splice(0);
    expect((await login()).code).toBe(ExitCode.NO_KEY);
    expect([askedRpcs(), existsSync(path)]).toEqual([[], false]);
  });

  test.each([
    ["BeginLogin", "NOT_FOUND", status.NOT_FOUND, ExitCode.REFUSED_INPUT],
    ["FinishLogin", "STATE_CONFLICT", status.FAILED_PRECONDITION, ExitCode.NOT_CONFIRMED],
  ])("%s refused with %s leaves no file", async (rpc, reason, code, exit) => {
    cli.world.daemon.acts.push(APPROVE);
    cli.errors.set(rpc, [{ code, reason }]);
    const ran = await login();
    expect([ran.code, ran.err]).toEqual([exit, expect.stringContaining(reason)]);
    expect(existsSync(path)).toBe(false);
  });

  test("a file that is there is not overwritten, and nothing is asked for", async () => {
    cli.world.write(path, "mine");
    const { code, err } = await login();
    expect([code, err]).toEqual([ExitCode.REFUSED_INPUT, expect.stringContaining("is there already")]);
    expect([askedRpcs(), readFileSync(path, "utf8")]).toEqual([[], "mine"]);
  });

  test("a core that is not pinned is not asked", async () => {
    const { code } = await cli.world.runWith({ env: {}, tty: false }, "admin", "login", "anna", "--token-out", path);
    expect([code, askedRpcs(), existsSync(path)]).toEqual([ExitCode.REFUSED_INPUT, [], false]);
  });
});

describe("logout", () => {
  test("ends the token of the settings, by its hash, and removes the file", async () => {
    const { code, out } = await cli.run("logout");
    expect([code, out]).toEqual([ExitCode.DONE, `  ✔ logged out; ${ownFile()} is removed\n`]);
    expect(cli.asked).toEqual([
      expect.objectContaining({ rpc: "LogOut", token: ADMIN_TOKEN, request: { tokenSha256: hashOf(ADMIN_TOKEN) } }),
    ]);
    expect(existsSync(ownFile())).toBe(false);
  });

  test("again, after an answer that got lost, it is out all the same", async () => {
    cli.errors.set("LogOut", [{ code: status.UNAUTHENTICATED, reason: "UNAUTHENTICATED" }]);
    expect([(await cli.run("logout")).code, existsSync(ownFile())]).toEqual([ExitCode.DONE, false]);
  });

  test("the file stays while nobody has said that the token is ended", async () => {
    cli.errors.set("LogOut", [{ code: status.DEADLINE_EXCEEDED }]);
    expect([(await cli.run("logout")).code, existsSync(ownFile())]).toEqual([ExitCode.ENVIRONMENT, true]);
  });
});

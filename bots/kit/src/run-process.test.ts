import { spawnSync } from "node:child_process";
import { ROOT } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { lastWords, refuseTraces, scrub } from "./run-process.ts";

test.each([
  ["DEBUG", "telegraf:client"],
  ["DEBUG", "*"],
  ["DEBUG", "express, telegraf:*"],
  ["NODE_DEBUG", "http"],
  ["NODE_DEBUG", "timer,TLS"],
  ["GRPC_TRACE", "all"],
  ["GRPC_NODE_TRACE", "call_stream"],
])("%s=%s would print secrets: refused", (name, value) => {
  expect(() => refuseTraces({ [name]: value })).toThrow(`${name} would print codes and tokens`);
});

test.each([
  ["DEBUG", undefined],
  ["DEBUG", "express"],
  ["NODE_DEBUG", "timer"],
])("%s=%s prints none of ours", (name, value) => expect(() => refuseTraces({ [name]: value })).not.toThrow());

test("last words name the place, not what was thrown", () => {
  const error = Object.assign(new TypeError("code 482 915 to https://api.telegram.org/bot1:SECRET/sendMessage"), {
    payload: { text: "482915" },
  });
  expect(lastWords(error)).toMatch(/^bug: TypeError < run-process\.test\.ts:\d+:\d+/);
  expect(lastWords(error)).not.toMatch(/482|SECRET|sendMessage/);
  for (const thrown of ["482915", { code: "482915" }, null, new Proxy({}, {})])
    expect(lastWords(thrown)).toBe("bug: Error");
});

test("tokens given in the wrong place are not repeated", () => {
  expect(scrub("Unexpected argument '7000001:AAF-secret_x'")).toBe("Unexpected argument '[telegram token]'");
  expect(scrub("no file cs_bot_abc-DEF")).toBe("no file [token]");
});

test.each([
  ["thrown later", "setTimeout(() => { throw bad() }, 1)"],
  ["a rejection nobody waits for", "void Promise.reject(bad())"],
  ["a rejection that is no error", "void Promise.reject({ text: 'CANARY' })"],
])("threat 21: an error of the running process, %s, prints nothing of its own and ends it with 70", (_what, code) => {
  const script = `
    import { runProcess } from "@countersign/bot-kit";
    const bad = () => Object.assign(new Error("CANARY"), { on: { payload: { text: "CANARY" } } });
    await runProcess("sample bot", () => new Promise((resolve) => { ${code}; setTimeout(resolve, 5_000); }));`;
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"];
  const ran = spawnSync(process.execPath, [...flags, script], { cwd: ROOT, encoding: "utf8", timeout: 100_000 });
  expect(`${ran.stdout}${ran.stderr}`).not.toContain("CANARY");
  expect(ran.stderr).toContain("sample bot: bug: Error");
  expect(ran.status).toBe(70);
});

test("an address of a server has time to answer from far away before the next one is tried", () => {
  const script = `
    import { getDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
    import { runProcess } from "@countersign/bot-kit";
    await runProcess("sample bot", async () => console.log(getDefaultAutoSelectFamilyAttemptTimeout()));`;
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"];
  const ran = spawnSync(process.execPath, [...flags, script], { cwd: ROOT, encoding: "utf8", timeout: 100_000 });
  expect(ran).toMatchObject({ status: 0, stdout: "2500\n" });
});

test.each(["telegram", "matrix", "mail", "sms", "sandbox"])(
  "threat 21: the %s bot does not start under traces",
  (bot) => {
    const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning", `bots/${bot}/src/main.ts`];
    const env = { ...process.env, GRPC_TRACE: "all", GRPC_VERBOSITY: "NONE" };
    const ran = spawnSync(process.execPath, flags, { cwd: ROOT, encoding: "utf8", timeout: 100_000, env });
    expect(ran.stderr).toContain("GRPC_TRACE would print codes and tokens");
    expect(ran.status).toBe(69);
  },
);

test("a rejection that a library left alone is told by its name, and the bot goes on", () => {
  const script = `
    import { runProcess } from "@countersign/bot-kit";
    const main = () => new Promise((resolve) => { void Promise.reject(new Error("CANARY")); setTimeout(resolve, 50); });
    await runProcess("sample bot", main, (error) => process.stderr.write(error.name + "\\n"));`;
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"];
  const ran = spawnSync(process.execPath, [...flags, script], { cwd: ROOT, encoding: "utf8", timeout: 100_000 });
  expect([ran.stderr, ran.status]).toEqual(["Error\n", 0]);
});

test("no environment makes a bot accept a certificate that nobody vouches for", () => {
  const script = `
    import { runProcess } from "@countersign/bot-kit";
    await runProcess("sample bot", async () => console.log(process.env.NODE_TLS_REJECT_UNAUTHORIZED));`;
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"];
  const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  const ran = spawnSync(process.execPath, [...flags, script], { cwd: ROOT, encoding: "utf8", timeout: 100_000, env });
  expect(ran.stdout).toBe("undefined\n");
});

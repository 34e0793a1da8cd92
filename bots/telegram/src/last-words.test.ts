import { spawnSync } from "node:child_process";
import { ROOT } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { lastWords, refuseTraces, scrub } from "./last-words.ts";

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
  expect(lastWords(error)).toMatch(/^bug: TypeError < last-words\.test\.ts:\d+:\d+/);
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
])("an error of the running process, %s, prints nothing of its own and ends it with 70", (_what, code) => {
  const bad = "const bad = () => Object.assign(new Error('CANARY'), { on: { payload: { text: 'CANARY' } } });";
  // main.ts without flags ends by itself; the bug happens before.
  const script = `${bad} process.argv.push('--core', 'x'); ${code}; await import('./bots/telegram/src/main.ts');`;
  const held = "process.exit = ((exit) => (code) => { if (code !== 69) exit.call(process, code) })(process.exit);";
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"];
  const ran = spawnSync(process.execPath, [...flags, `${held}${script}`], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 20_000,
  });
  expect(`${ran.stdout}${ran.stderr}`).not.toContain("CANARY");
  expect(ran.stderr).toContain("telegram bot: bug: Error");
  expect(ran.status).toBe(70);
});

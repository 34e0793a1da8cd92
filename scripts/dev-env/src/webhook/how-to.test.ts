// The receivers of docs/how-to/webhooks.md, run as they stand there: what is signed is taken, what is forged is not.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import { tempFolder, testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { hasJudge, PYTHON } from "./judge.ts";

const PAGE = readFileSync(join(ROOT, "docs/how-to/webhooks.md"), "utf8");
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const folder = tempFolder();
let child: ChildProcess | undefined;
afterEach(() => void child?.kill());

function block(language: string): string {
  const [, code] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(PAGE) ?? [];
  if (code === undefined) throw new Error(`the page has no block of ${language}`);
  return code;
}

async function isRight(command: string, file: string): Promise<void> {
  const env = { ...process.env, WEBHOOK_SECRET: SECRET, PORT: "0" };
  child = spawn(command, [file], { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  const [, port] = (await line()).split(" ");
  const data = { tenant_id: "t", transaction_id: "0b".repeat(16), state: "EXECUTED", version: 5 };
  const body = JSON.stringify({ id: "evt_1", type: "transaction.executed", timestamp: "", data });
  const post = async (text: string, at: Date): Promise<number> => {
    const headers = {
      "webhook-id": "evt_1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(SECRET).sign("evt_1", at, body),
    };
    return (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: text })).status;
  };
  expect(await post(body.replace("EXECUTED", "REJECTED"), new Date())).toBe(401);
  expect(await post(body, new Date(Date.now() - 3_600_000))).toBe(401);
  expect(await post(body, new Date())).toBe(204);
  expect(await line()).toBe(`evt_1 transaction.executed ${"0b".repeat(16)} 5`);
}

test("the receiver in Node takes what is signed and nothing else", async () => {
  mkdirSync(join(folder, "node"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node/node_modules"));
  writeFileSync(join(folder, "node/receiver.mjs"), block("js"));
  await isRight(process.execPath, "node/receiver.mjs");
});

testWith("standard-webhooks", hasJudge)("the receiver in Python, too", async () => {
  writeFileSync(join(folder, "receiver.py"), block("python"));
  await isRight(PYTHON, "receiver.py");
});

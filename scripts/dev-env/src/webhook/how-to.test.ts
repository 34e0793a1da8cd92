// The receivers of docs/how-to/webhooks.md, run as they stand there: what is signed is taken, what is forged is not.
import { createHmac } from "node:crypto";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { hasJudge, PYTHON } from "./judge.ts";

const PAGE = readFileSync(join(ROOT, "docs/how-to/webhooks.md"), "utf8");
const KEY = Buffer.alloc(32, 7);
const SECRET = `whsec_${KEY.toString("base64")}`;
const signature = (text: string): string => createHmac("sha256", KEY).update(text).digest("base64");
const RIGHT = [401, 401, 204, `evt_1 transaction.executed ${"0b".repeat(16)} 5`];
/** The Go library of Standard Webhooks, as `go mod vendor` leaves it. */
const GO_MODULE = join(ROOT, ".peers/standard-webhooks-go");
const goPeerTest = testWith("standard-webhooks-go", existsSync(join(GO_MODULE, "vendor")));
const folder = tempFolder();
let child: ChildProcess | undefined;
const peerTest = testWith("standard-webhooks", hasJudge);
afterEach(() => void child?.kill());

function block(language: string): string {
  const [, code] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(PAGE) ?? [];
  if (code === undefined) throw new Error(`the page has no block of ${language}`);
  return code;
}

/** What it answers to what was changed, to what is old, and to what is right; and what it says then. */
async function received(command: string, ...args: string[]): Promise<readonly (number | string)[]> {
  const env = { ...process.env, WEBHOOK_SECRET: SECRET, PORT: "0" };
  child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  const [, port] = (await line()).split(" ");
  const data = { tenant_id: "t", transaction_id: "0b".repeat(16), state: "EXECUTED", version: 5 };
  const body = JSON.stringify({ id: "evt_1", type: "transaction.executed", timestamp: "", data });
  const post = async (text: string, at: Date): Promise<number> => {
    const headers = {
      "webhook-id": "evt_1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": `v1,${signature(`evt_1.${Math.floor(at.getTime() / 1000)}.${body}`)}`,
    };
    return (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: text })).status;
  };
  const answers = [
    await post(body.replace("EXECUTED", "REJECTED"), new Date()),
    await post(body, new Date(Date.now() - 3_600_000)),
    await post(body, new Date()),
  ];
  return [...answers, await line()];
}

test("the receiver in Node takes what is signed and nothing else", async () => {
  mkdirSync(join(folder, "node"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node/node_modules"));
  writeFileSync(join(folder, "node/receiver.mjs"), block("js"));
  expect(await received(process.execPath, "node/receiver.mjs")).toEqual(RIGHT);
});

peerTest("the receiver in Python, too", async () => {
  writeFileSync(join(folder, "receiver.py"), block("python"));
  expect(await received(PYTHON, "receiver.py")).toEqual(RIGHT);
});

goPeerTest(
  "the receiver in Go, too",
  async () => {
    const module = join(folder, "go");
    cpSync(GO_MODULE, module, { recursive: true });
    writeFileSync(join(module, "main.go"), block("go"));
    execFileSync("go", ["build", "-mod=vendor", "-o", "receiver", "."], {
      cwd: module,
      env: { ...process.env, GOFLAGS: "" },
    });
    expect(await received(join(module, "receiver"))).toEqual(RIGHT);
  },
  300_000,
);

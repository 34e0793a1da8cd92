// The commands of docs/how-to/webhooks.md, block by block in the order of the page, by an administrator at a running core.
import { spawn } from "node:child_process";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { FROM_SOURCE, ROOT, runOnce } from "@countersign/testing/child";
import { fencedBlocks } from "@countersign/testing/doc-blocks";
import { startInstallation, type Installation } from "../installation.ts";
import { hasJudge, judge } from "./judge.ts";
import { Taker, type Taken } from "./taker.ts";

const peerTest = testWith("standard-webhooks", hasJudge);
const CLI = "clients/cli/src/main.ts";
const folder = tempFolder();
const blocks = fencedBlocks("docs/how-to/webhooks.md").filter(({ language }) => language === "sh");
let installation: Installation;
let shop: Taker;
let program: Taker;
/** What the page writes, and what stands for it here. */
const here = new Map<string, string>();

interface Running {
  /** Resolves once it has written that. Rejects when it ends before. */
  wrote(text: string): Promise<void>;
  interrupt(): void;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** Begins the block of the page that has this command. */
function begin(command: string): Running {
  const found = blocks.filter(({ body }) => body.startsWith(`countersign ${command} `));
  if (found.length !== 1) throw new Error(`the page has ${found.length} blocks that begin with ${command}`);
  let script = found[0]?.body ?? "";
  for (const [written, meant] of here) script = script.replaceAll(written, meant);
  const env = { ...process.env, HOME: folder, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  const child = spawn("bash", ["--norc", "-eu", "-c", script.trim()], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let news = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      news.resolve();
      news = Promise.withResolvers();
    });
  const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, output })),
  );
  const wrote = async (text: string): Promise<void> => {
    const isOver = ended.then(() => {
      throw new Error(`it ended before it wrote ${text}:\n${output}`);
    });
    isOver.catch(() => undefined);
    while (!output.includes(text)) await Promise.race([isOver, news.promise]);
  };
  return { wrote, interrupt: () => child.kill("SIGINT"), ended };
}

async function done(command: string): Promise<string> {
  const { code, output } = await begin(command).ended;
  if (code !== 0) throw new Error(`countersign ${command} ended with ${code}:\n${output}`);
  return output;
}

const secretIn = (file: string): string => readFileSync(join(folder, file), "utf8").trim();
const isSigned = async ({ headers, body }: Taken, secret: string): Promise<boolean> =>
  (await judge([{ secret, headers, body }])).every((said) => said === "true");
const isSame =
  ({ headers }: Taken) =>
  (one: Taken): boolean =>
    one.headers["webhook-id"] === headers["webhook-id"];
const isTest = ({ told }: Taken): boolean => told.test === true;

beforeAll(async () => {
  const coreArgs = ["--webhook-allow", "127.0.0.1"];
  installation = await startInstallation({ folder: join(folder, "core"), mode: "B", coreArgs });
  [shop, program] = [await Taker.open(), await Taker.open()];
  here.set("https://shop.example/countersign", shop.url).set("http://127.0.0.1:3000/countersign", program.url);
  const token = join(folder, "anna.token");
  const core = ["--core", installation.coreAddress];
  const invitation = join(folder, "core/secrets/first-admin.token");
  const claim = ["admin", "claim", invitation, "--as", "anna", "--token-out", token, "--token-only"];
  await runOnce(CLI, [...core, ...claim, "--phrase", "red kite"], { HOME: folder });
  const words = [process.execPath, ...FROM_SOURCE, join(ROOT, CLI), ...core, "--admin-token", token];
  writeFileSync(join(folder, "countersign"), `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(join(folder, "countersign"), 0o755);
}, 400_000);
afterAll(async () => {
  await Promise.all([shop?.down(), program?.down()]);
  await installation?.stop();
});

peerTest(
  "the page's commands do what it says",
  async () => {
    const added = await done("admin webhook add");
    expect(added).toContain("204");
    expect(added).toContain(`${shop.url}\ttransaction.executed transaction.rejected\trunning`);
    expect(statSync(join(folder, "webhook.secret")).mode & 0o777).toBe(0o600);
    expect(added).not.toContain(secretIn("webhook.secret"));
    const tested = await shop.next(isTest);
    expect(await isSigned(tested, secretIn("webhook.secret"))).toBe(true);

    const listening = begin("listen");
    await listening.wrote("Forwarding to");
    const from = shop.taken.length;
    await done("trigger");
    const [forwarded, posted] = [await program.next(isTest), await shop.next(isTest, from)];
    expect(forwarded.headers["webhook-id"]).toBe(posted.headers["webhook-id"]);
    await listening.wrote("204");
    listening.interrupt();
    const { code, output } = await listening.ended;
    expect(code).toBe(0);
    expect(await isSigned(forwarded, /whsec_\S+/.exec(output)?.[0] ?? "")).toBe(true);

    const again = shop.taken.length;
    here.set("evt_00b00000000000070000", String(tested.headers["webhook-id"]));
    const rows = await done("admin webhook deliveries");
    expect(rows.split("\n").filter((row) => row.startsWith("transaction.executed (test)\tDELIVERED"))).toHaveLength(2);
    const replayed = await shop.next(isSame(tested), again);
    expect(replayed.body).toBe(tested.body);

    await done("admin webhook rotate");
    const [, id = ""] = /(evt_\S+) is on its way/.exec(await done("trigger")) ?? [];
    const signedTwice = await shop.next(({ headers }) => headers["webhook-id"] === id);
    for (const file of ["webhook.secret", "webhook-2.secret"])
      expect(await isSigned(signedTwice, secretIn(file))).toBe(true);
  },
  400_000,
);

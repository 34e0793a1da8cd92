// docs/how-to/run-the-installation.md and the administrators' bot's page, run as they stand: from first-admin.token to a
// confirmed payment, four eyes, stops.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { freePort, ROOT, startChild, type Child } from "@countersign/testing/child";
import { PATIENT_MS, tempFolder } from "@countersign/testing";
import { docBlocks, type DocBlock } from "@countersign/testing/doc-blocks";
import type { ChatService } from "../chat/chat-service.ts";
import { startTelegram } from "../chat/telegram-service.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { AdminDesk, putCommand, type Shell } from "./admin-desk.ts";

const PAGE = "docs/how-to/run-the-installation.md";
const BOT_PAGE = "docs/how-to/admin-bot.md";
/** Some sixty commands one after the other, and a minute in which nobody is asked for more: long on a machine that is busy. */
const MOST_MS = 2_400_000;
const folder = tempFolder();
/** Sockets' paths are short. */
const runtime = mkdtempSync(join(tmpdir(), "cs-"));
const server = join(folder, "server");

const children: Child[] = [];
const services: ChatService[] = [];
const env: NodeJS.ProcessEnv = { ...process.env, own: server, NO_COLOR: "1" };
let core: Child;
let anna: AdminDesk;
let bob: AdminDesk;
let erika: AdminDesk;

const blocks: readonly DocBlock[] = [PAGE, BOT_PAGE].flatMap(docBlocks);
const ran = new Map<DocBlock, Shell>();

beforeAll(async () => {
  env["PATH"] = `${putCommand(folder)}:${process.env["PATH"] ?? ""}`;
  env["NODE_COMPILE_CACHE"] = join(ROOT, "node_modules/.cache/compiled");
  mkdirSync(server, { mode: 0o700 });
  services.push(await telegram("administration"), await telegram("acme"));
});

afterAll(async () => {
  await Promise.all([anna, bob, erika].map((desk) => desk?.stop()));
  await Promise.all(children.toReversed().map((child) => child.stop()));
  await Promise.all(services.flatMap((service) => service.children).map((child) => child.stop()));
  rmSync(runtime, { recursive: true, force: true });
});

async function telegram(name: string): Promise<ChatService> {
  mkdirSync(join(folder, name, "tokens"), { recursive: true, mode: 0o700 });
  return startTelegram(join(folder, name), (port) => Promise.resolve(port));
}

async function startBot(service: ChatService | undefined, tokenFile: string): Promise<void> {
  const address = String(core.ready["address"]);
  if (service === undefined) throw new Error("there is no chat service");
  const flags = ["--core", address, "--plaintext", "--token-file", tokenFile, ...service.bot.args];
  children.push(await startChild(service.bot.entry, flags));
}

function deskOf(name: string, service: ChatService | undefined, chatId: string): Promise<AdminDesk> {
  const phoneUrl = service?.phoneOf(chatId, core) ?? "";
  return AdminDesk.open(join(folder, name), { runtime: join(runtime, name), phoneUrl, env });
}

/** A file goes from one to another by hand, and stays its holder's alone. */
function hand(from: string, to: string): void {
  copyFileSync(from, to);
  expect(statSync(to).mode & 0o077).toBe(0);
}

function nextOf(page: string, where: string): DocBlock {
  const next = blocks.find((each) => each.page === page && !ran.has(each));
  if (next === undefined) throw new Error(`${page} has no further block`);
  expect(`${page}:${next.line} ${next.where}`).toBe(`${page}:${next.line} ${where}`);
  return next;
}

/** The next block of the page, where it says. */
async function block(where: string, more: NodeJS.ProcessEnv = {}, page: string = PAGE): Promise<Shell> {
  const next = nextOf(page, where);
  const at = { "Anna's PC": anna, "Bob's PC": bob, "Erika's PC": erika }[where];
  if (at === undefined) throw new Error(`${page}:${next.line}: there is no ${where}`);
  const shell = await at.shell(next.commands, more);
  if (shell.code !== 0)
    throw new Error(`${page}:${next.line} ended with ${shell.code}:\n${shell.stderr}${shell.stdout}`);
  ran.set(next, shell);
  return shell;
}

/** The same of one who may have been asked five times within a minute: a login does not tell him from somebody unknown. */
async function blockInTime(where: string): Promise<Shell> {
  const patience = AbortSignal.timeout(PATIENT_MS);
  for (;;) {
    try {
      return await block(where);
    } catch (error) {
      if (patience.aborted || !String(error).includes("asked too often")) throw error;
      await pause(2_000);
    }
  }
}

function serverBlock(): void {
  const first = nextOf(PAGE, "The server");
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning"].join(" ");
  const done = spawnSync("bash", ["-eu", "-c", first.commands], {
    cwd: ROOT,
    env: { ...env, NODE_OPTIONS: flags, PATH: `${join(ROOT, "node_modules/.bin")}:${env["PATH"] ?? ""}` },
    encoding: "utf8",
  });
  expect({ stderr: done.stderr, status: done.status }).toEqual({ stderr: done.stderr, status: 0 });
  ran.set(first, { code: 0, stdout: done.stdout, stderr: done.stderr });
}

test(
  "the pages, block by block",
  async () => {
    serverBlock();
    const [data, secrets] = [join(server, "data"), join(server, "secrets")];
    core = await startChild("core/server/src/main.ts", [
      ...["serve", "--data", data, "--secrets", secrets, "--listen", `127.0.0.1:${await freePort()}`, "--development"],
    ]);
    children.push(core);
    env["CORE"] = String(core.ready["address"]);
    env["SERVER_ID"] = String(core.ready["serverId"]);
    env["CORE_KEY"] = String(core.ready["corePublicKey"]);
    const [office, shop] = services;
    await startBot(office, join(server, "tokens/desk.token"));
    anna = await deskOf("anna", office, "1001");
    bob = await deskOf("bob", office, "1002");
    erika = await deskOf("erika", shop, "2001");
    hand(join(secrets, "first-admin.token"), join(anna.folder, "first-admin.token"));

    const first = await block("Anna's PC");
    expect(first.stdout).toContain("anna  OWNER of all tenants  ACTIVE\n  ✔ key\n  ✔ chat\n");
    await block("Anna's PC"); // invites Bob
    expect(anna.read).toEqual(expect.arrayContaining(["New administrator", "bob", "owner", "All tenants"]));
    hand(join(anna.folder, "bob.invitation"), join(bob.folder, "bob.invitation"));
    expect((await block("Bob's PC")).stdout).toContain("✘ key missing");
    await block("Anna's PC", { FINGERPRINT: bob.fingerprint });
    expect((await block("Bob's PC")).stdout).toContain("bob  OWNER of all tenants  ACTIVE\n  ✔ key\n  ✔ chat\n");

    const asked = await block("Anna's PC"); // a tenant, four eyes
    expect(asked.stderr).toContain("anna confirmed; missing the key of one of: bob");
    const before = bob.read.length;
    expect((await block("Bob's PC")).stdout).toMatch(/✔ Done: change [0-9a-f]{32} is carried out/);
    expect(bob.read.slice(before)).toEqual(anna.read.slice(-(bob.read.length - before)));

    const rules = await block("Anna's PC");
    expect(rules.stdout).toContain("tries: 3 → 2");
    await block("Bob's PC");
    await block("Anna's PC"); // an app
    await block("Bob's PC"); // another, and a bot
    await startBot(shop, join(bob.folder, "help.token"));
    children.push(
      await startChild("examples/bank/src/main.ts", [
        ...["--core", env["CORE"], "--token-file", join(bob.folder, "ledger.token")],
        ...["--ledger", join(folder, "ledger.jsonl")],
      ]),
    );
    await block("Anna's PC"); // a user
    hand(join(anna.folder, "erika.link"), join(erika.folder, "erika.link"));
    hand(join(anna.folder, "shop.token"), join(erika.folder, "shop.token"));
    await block("Erika's PC");
    await block("Anna's PC", { FINGERPRINT: erika.fingerprint });
    cpSync(join(ROOT, "examples/bank/samples/invoice.xml"), join(erika.folder, "invoice.xml"));
    const paid = await block("Erika's PC");
    expect(paid.stdout).toMatch(/Executed in \d+ s {3}receipt [0-9A-F-]{9} verified/);

    const looked = await block("Anna's PC");
    expect(looked.stdout).toContain("EXECUTED");
    expect(looked.stdout).toContain("statement.accepted");
    await watchFromAChat();
    await block("Bob's PC"); // stops
    await expectStopped();
    await block("Bob's PC"); // and back
    await block("Anna's PC"); // a token is replaced
    const gone = await block("Bob's PC");
    expect(gone.stdout).toMatch(/^anna\t.*DISABLED/m);
    const out = await anna.shell("countersign admin whoami");
    expect([out.code, out.stderr]).toEqual([77, expect.stringContaining("the token opens nothing")]);
    const again = await blockInTime("Bob's PC"); // logs in and out
    expect(again.stdout).toContain("bob is logged in until ");
    expect(readdirSync(bob.folder)).not.toContain("today.token");
    expect(blocks.filter((each) => !ran.has(each))).toEqual([]);
    expectNoSecretShown();
  },
  MOST_MS,
);

/** The administrators' bot, with the token and the settings of its page. */
async function watchFromAChat(): Promise<void> {
  await block("Bob's PC", {}, BOT_PAGE);
  await block("Anna's PC", {}, BOT_PAGE);
  expect((await block("Bob's PC", {}, BOT_PAGE)).stdout).toContain("watch  OPERATOR of all tenants  ACTIVE\n");
  const start = nextOf(BOT_PAGE, "The bot's machine, in a checkout");
  const [, entry = "", settings = ""] = /^node (\S+) --config (\S+)$/m.exec(start.commands) ?? [];
  const service = await telegram("watch");
  services.push(service);
  const { args } = service.bot;
  const [written = "{}"] = /(?<=^```json\n)[\s\S]*?(?=^```$)/m.exec(readFileSync(join(ROOT, BOT_PAGE), "utf8")) ?? [];
  const config = join(server, settings);
  const here = {
    core: { address: env["CORE"], plaintext: true },
    tokenFile: join(bob.folder, "operator.token"),
    telegram: { tokenFile: args[args.indexOf("--telegram-token-file") + 1], apiRoot: args.at(-1) },
    state: join(server, "watch"),
  };
  writeFileSync(config, JSON.stringify({ ...(JSON.parse(written) as object), ...here }));
  const watch = await startChild(entry, ["--config", config]);
  children.push(watch);
  ran.set(start, { code: 0, stdout: watch.output(), stderr: "" });
  const phone = new PhoneInHand(service.phoneOf("4343", watch));
  await phone.send("/status");
  const patience = AbortSignal.timeout(240_000);
  for (let chat = await phone.look(undefined, patience); ; chat = await phone.look(chat.version, patience))
    if (chat.messages.some(({ text }) => text.includes("The core answers"))) return;
}

/** At once: her app's token opens nothing, she is frozen, and her channel is gone. */
async function expectStopped(): Promise<void> {
  const listed = await erika.shell("countersign tx list");
  expect([listed.code, listed.stderr]).toEqual([69, expect.stringContaining("UNAUTHENTICATED")]);
  const users = await bob.shell("countersign admin user list --state frozen");
  expect(users.stdout).toMatch(/^erika\tFROZEN\t/);
  const bots = await bob.shell("countersign admin --json bot list");
  expect(bots.stdout).toContain('"name":"help"');
  expect(bots.stdout).toContain('"paused":true');
}

/** Tokens are in their files alone: in no output, no argument, no history of what was run. */
function expectNoSecretShown(): void {
  const shown = [anna, bob, erika].map((each) => each.shown).join("") + children.map((each) => each.output()).join("");
  const tokens = [anna, bob, erika].flatMap((each) =>
    readdirSync(each.folder, { withFileTypes: true })
      .filter((file) => file.isFile() && /\.(token|invitation|link)$/.test(file.name))
      .map((file) => join(each.folder, file.name)),
  );
  expect(tokens.length).toBeGreaterThan(8);
  for (const path of tokens) {
    expect({ path, mode: statSync(path).mode & 0o777 }).toEqual({ path, mode: 0o600 });
    expect(shown).not.toContain(readFileSync(path, "utf8").trim());
  }
  expect(shown).not.toMatch(/cs_(?:admin|app|bot|invite)_/);
  const started = children.flatMap((each) => each.process.spawnargs).join(" ");
  expect(started + blocks.map(({ commands }) => commands).join("")).not.toContain("cs_");
}

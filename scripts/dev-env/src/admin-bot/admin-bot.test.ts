// The administrators' bot as a process, with a real core behind it and a strict chat service before it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Action } from "@countersign/proto/node/admin/v1/admin_service";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import { ROOT } from "@countersign/testing/child";
import { tempFolder } from "@countersign/testing";
import { setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation } from "../installation.ts";
import { newPayment } from "../new-payment.ts";
import { connect, type Parts } from "../parts.ts";
import { runScenario } from "../scenario.ts";
import { reasonOf } from "../scenarios/error-info.ts";
import { freshFile } from "../scenarios/fresh-file.ts";
import { appoint } from "./admin-bot-process.ts";
import { AdminBotWorld, ANNA, STRANGER } from "./admin-bot-world.ts";
import { Operator } from "./operator.ts";

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");
const USER = "max.m";

const folder = tempFolder();
let installation: Installation;
let world: AdminBotWorld;
let desk: Desk;
let parts: Parts;
let operator: Operator;

beforeAll(async () => {
  installation = await startInstallation({ folder, mode: "B" });
  world = await AdminBotWorld.start(installation);
  desk = await setUpDesk(installation, { mode: "B", userId: USER, chatId: "1000" });
  parts = connect(installation, desk.daemonSocket);
  operator = new Operator(installation.coreAddress, world.tokenFile);
}, 400_000);
afterAll(async () => {
  operator?.close();
  parts?.close();
  await world?.stop();
  await desk?.stop();
  await installation?.stop();
});

test("a payment that was altered is told at once, by tag and tenant; no code, user, amount or payee passes here", async () => {
  const file = freshFile(INVOICE, folder);
  const ended = await runScenario({ installation, desk, file, attack: "alter-tx2", user: "careless" });
  expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 12, output: ended.output });
  const alert = await world.shows(ANNA, "TAMPERED");
  expect(alert).toMatch(/^⚠ TAMPERED: a key signed other content than the core holds\.\n[A-Z]+ [A-Z]+\nTenant: acme\n/);
  const id = /\/tx ([0-9a-f]{32})/.exec(alert)?.[1] ?? "";
  const told = await world.ask(`/tx ${id}`, `User: ${USER}`);
  expect(told).toContain("· TAMPERED\n");
  const tag = /^([A-Z]+ [A-Z]+) ·/.exec(told)?.[1] ?? "";
  expect(await world.ask(`/tx ${tag.toLowerCase()}`, id)).toContain("Tenant: acme");

  const phone = await installation.bot().service.everShown("1000");
  const codes = phone.flatMap(({ text }) => /Code: (\d{3}) (\d{3})/.exec(text)?.slice(1) ?? []);
  expect(codes.length).toBeGreaterThan(0);
  const everything = (await world.everySent()) + world.bot.output();
  const [high = "", low = ""] = codes;
  // Beside ids and moments, which have the same digits in a row by chance.
  expect(everything).not.toMatch(new RegExp(`(?<![0-9a-f])${high}.?${low}(?![0-9a-f])`));
  const values = ["Mallory", "blue teapot", readFileSync(world.tokenFile, "utf8").trim()];
  for (const value of values) expect(everything).not.toContain(value);
  expect(alert).not.toContain(USER);
});

test("who is not on the list gets nothing, whatever he writes, and nothing happens", async () => {
  for (const text of ["/start", "/help", `/freeze ${USER}`, "/pause telegram", "hello"])
    await world.says(STRANGER, text);
  expect(await world.ask("/whoami", "You are anna")).toContain("telegram:4242");
  expect(await world.texts(STRANGER)).toEqual([]);
  expect((await parts.users.get({ userId: USER })).user?.state).toBe(UserState.ACTIVE);
  expect(world.bot.output()).toContain(`"event":"stranger","peer":"${STRANGER}"`);
  expect(world.bot.output()).not.toContain("hello");
});

/** What the bot tells once the users' bot is attached: a lease may lapse on a busy machine, and is taken again. */
async function whenAttached(text: string, wanted: string, told: string): Promise<void> {
  for (let answer = ""; !answer.includes(told);) {
    await attached();
    answer = await world.ask(text, wanted);
  }
}

async function attached(): Promise<void> {
  for (const end = performance.now() + 240_000; ;) {
    const { bots } = await operator.admin.listBots({});
    if (bots.every((bot) => bot.attached)) return;
    if (performance.now() > end) throw new Error("the users' bot is not attached");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("how things stand, the bots, what is open, what cannot be done from a chat", async () => {
  await whenAttached("/status", "The core answers", "Bots attached: 1 of 1");
  await whenAttached("/channels", "telegram-bot", "telegram-bot · telegram · attached");
  const payment = await newPayment(parts, USER);
  expect(await world.ask("/pending", "Open now")).toContain(`${payment.tag} · acme · PENDING`);
  await parts.transactions.cancel({ transactionId: payment.transactionId, reason: "" });
  expect(await world.ask("/approve 1", "never from a chat")).toContain("your key has signed it");
  expect(await world.ask("/freeze", "whom?")).toContain("Example: /freeze max");
  expect(await world.ask("/freeze max", "no user called")).toContain(`/freeze ${USER} acme`);
});

test("/freeze stops the user before it is answered; the audit names the bot's operator and who typed it", async () => {
  await world.ask(`/freeze ${USER}`, "is frozen");
  expect((await parts.users.get({ userId: USER })).user?.state).toBe(UserState.FROZEN);
  expect(await reasonOf(newPayment(parts, USER))).toBe("USER_BLOCKED");
  const { events } = await operator.audit.list({ event: "user.frozen", subject: `user:${USER}` });
  expect(events.map(({ actor, detailJson }) => ({ actor, detail: JSON.parse(detailJson) as object }))).toMatchObject([
    { actor: "admin:test-operator", detail: { onBehalf: "telegram:4242", after: "FROZEN" } },
  ]);
  expect(await world.ask("/audit", "What administrators did")).toContain("user.frozen · admin:test-operator");
});

test("killed and started again it tells what happened meanwhile, once, and never the same again", async () => {
  await world.bot.stop("SIGKILL");
  const before = (await world.texts(ANNA)).length;
  const { bots } = await operator.admin.listBots({});
  await operator.admin.pauseBot({ botId: bots[0]?.botId ?? "" });
  await world.bot.start();
  await world.shows(ANNA, "bot.paused admin:test-operator", before);
  await world.ask("/pause telegram", "was paused already");
  expect(await world.bot.stop()).toBe(0);
  await world.bot.start();
  await world.ask("/whoami", "You are anna");
  const told = (await world.texts(ANNA)).filter((text) => text.includes("bot.paused admin:"));
  // An alert that the chat service took too long to answer says that it may be the second.
  expect(told.filter((text) => !text.includes("a second time"))).toHaveLength(1);
});

test("a stolen token of the operator loosens nothing", async () => {
  const action = Action.create({ what: { $case: "resumeBot", value: { botId: "0".repeat(32) } } });
  const asked = [
    operator.admin.requestChange({ requestId: "1", tenantId: "", action }),
    operator.admin.approveChange({ requestId: "2", changeId: "0".repeat(32) }),
    operator.admin.rejectChange({ changeId: "0".repeat(32), reason: "" }),
    operator.admin.createUser({ requestId: "3", tenantId: "", userId: "eve", phrase: "", locale: "" }),
    operator.admin.inviteUser({ requestId: "4", tenantId: "", userId: USER, fido: false }),
  ];
  expect(await Promise.all(asked.map(reasonOf))).toEqual(asked.map(() => "NOT_ALLOWED"));
  expect(await reasonOf(parts.users.get({ userId: USER }))).toBe("OK");
});

test("an owner's token is refused, with what to do; so is a second process of the same state", async () => {
  await expect(world.startWith({}, "twin")).rejects.toThrow(/another process uses/);
  const tokenFile = await appoint(installation, "owner", join(world.folder, "owner.token"));
  const state = join(world.folder, "other-state");
  await expect(world.startWith({ tokenFile, state }, "owner")).rejects.toThrow(/whose role is OWNER/);
});

// The administrators' bot over Matrix: a real core behind it, a homeserver and phones of another make before it.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import { tempFolder, testWith } from "@countersign/testing";
import { matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import { startInstallation, type Installation } from "../installation.ts";
import { connect, type Parts } from "../parts.ts";
import { ANNA, BOB, MatrixAdminWorld, STRANGER } from "./matrix-admin-world.ts";
import { Operator } from "./operator.ts";

const USER = "max.m";
const present = synapsePresent && matrixPhonePresent;
const peerTest = testWith("Synapse with matrix-nio", present);

const folder = tempFolder();
let installation: Installation;
let world: MatrixAdminWorld;
let parts: Parts;
let operator: Operator;

beforeAll(async () => {
  if (!present) return;
  installation = await startInstallation({ folder, mode: "B" });
  world = await MatrixAdminWorld.start(installation);
  parts = connect(installation);
  operator = new Operator(installation.coreAddress, world.tokenFile);
  await parts.users.create({ requestId: "1", userId: USER });
}, 400_000);
afterAll(async () => {
  operator?.close();
  parts?.close();
  await world?.stop();
  await installation?.stop();
}, 400_000);

const stateOf = async (userId: string): Promise<UserState | undefined> =>
  (await parts.users.get({ userId })).user?.state;

peerTest(
  "who is not on the list gets nothing: neither a room nor an answer, and nothing happens",
  async () => {
    const phone = await world.phones.phone(STRANGER);
    const room = await phone.makeRoom([world.botId]);
    await phone.say(room, `/freeze ${USER}`);
    await phone.until(() => phone.members.includes(`${room} ${world.botId} leave`));
    expect(phone.members).not.toContain(`${room} ${world.botId} join`);
    expect(phone.messages.filter(({ sender }) => sender === world.botId)).toEqual([]);
    expect(await stateOf(USER)).toBe(UserState.ACTIVE);
  },
  400_000,
);

peerTest(
  "who is listed is heard in a room with the bot alone; with a stranger beside him the bot leaves it, and hears neither",
  async () => {
    expect(await world.ask(ANNA, "/whoami", "You are anna")).toContain("matrix:@u4242:localhost");
    const { phone, room: own } = await world.chat(ANNA);
    const stranger = await world.phones.phone(STRANGER);
    const room = await phone.makeRoom([world.botId]);
    await phone.until(() => phone.members.includes(`${room} ${world.botId} join`));
    await phone.invite(room, stranger.userId);
    await stranger.until(() => stranger.members.includes(`${room} ${stranger.userId} join`));
    await stranger.say(room, `/freeze ${USER}`);
    await phone.say(room, `/freeze ${USER}`);
    await phone.until(() => phone.members.includes(`${room} ${world.botId} leave`));
    await world.ask(ANNA, "/status", "The core answers");
    expect(await stateOf(USER)).toBe(UserState.ACTIVE);
    await stranger.catchUp(room);
    expect(stranger.messages.filter(({ sender }) => sender === world.botId)).toEqual([]);
    expect(phone.messages.filter((one) => one.sender === world.botId && one.room !== own)).toEqual([]);
  },
  400_000,
);

peerTest(
  "an account whose identity is another one than is listed is a stranger's",
  async () => {
    const { phone, room } = await world.chat(BOB);
    await phone.say(room, `/freeze ${USER}`);
    await world.logs(`"event":"stranger","peer":"${phone.userId}"`);
    expect(await world.texts(BOB)).toEqual([]);
    expect(await stateOf(USER)).toBe(UserState.ACTIVE);
  },
  400_000,
);

peerTest(
  "nothing is approved from here, and nothing is asked for",
  async () => {
    for (const text of ["/approve 1", "!approve", `/thaw ${USER}`, "/resume telegram"])
      expect(await world.ask(ANNA, text, "never from a chat")).toContain("your key has signed it");
    expect((await operator.admin.listChanges({})).changes).toEqual([]);
  },
  400_000,
);

peerTest(
  "/freeze stops the user before it is answered, and the audit names who typed it; in the clear it is no order",
  async () => {
    const { phone, room } = await world.chat(ANNA);
    await phone.sayInTheClear(room, "/pause telegram");
    await world.ask(ANNA, `!freeze ${USER}`, "is frozen");
    expect(await stateOf(USER)).toBe(UserState.FROZEN);
    const { events } = await operator.audit.list({ event: "user.frozen", subject: `user:${USER}` });
    expect(events.map(({ actor, detailJson }) => ({ actor, detail: JSON.parse(detailJson) as object }))).toMatchObject([
      { actor: "admin:test-operator", detail: { onBehalf: "matrix:@u4242:localhost", after: "FROZEN" } },
    ]);
    const { bots } = await operator.admin.listBots({});
    expect(bots.map(({ paused }) => paused)).toEqual([false]);
  },
  400_000,
);

peerTest(
  "killed and started again it is the same device, and tells what happened meanwhile, once",
  async () => {
    await world.bot.stop("SIGKILL");
    const { bots } = await operator.admin.listBots({});
    await operator.admin.pauseBot({ botId: bots[0]?.botId ?? "" });
    await world.bot.start();
    await world.shows(ANNA, "bot.paused admin:test-operator");
    await world.ask(ANNA, "/pause telegram", "was paused already");
    expect(await world.bot.stop()).toBe(0);
    await world.bot.start();
    await world.ask(ANNA, "/whoami", "You are anna");
    const told = (await world.texts(ANNA)).filter((text) => text.includes("bot.paused admin:"));
    expect(told.filter((text) => !text.includes("a second time"))).toHaveLength(1);
    const { phone } = await world.chat(ANNA);
    expect(phone.undecryptable).toEqual([]);
    for (const secret of [readFileSync(world.tokenFile, "utf8").trim(), `/freeze ${USER}`])
      expect(world.bot.output()).not.toContain(secret);
  },
  400_000,
);

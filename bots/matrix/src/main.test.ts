import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeCore, Phase, SAMPLE_CODE, sampleDeliver, type Report } from "@countersign/bot-kit/testing";
import { startChild, testWith } from "@countersign/testing";
import { FaultyProxy, matrixPhonePresent, synapsePresent, type MatrixPhone } from "@countersign/testing/synapse";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { MatrixWorld } from "./testing/matrix-world.ts";
import { readHtml } from "./testing/read-html.ts";

const MAIN = "bots/matrix/src/main.ts";
const LINK_TOKEN = "AbCdEfGhIjKlMnOpQrStUv";
const present = synapsePresent && matrixPhonePresent;
const peerTest = testWith("synapse", present);

let world: MatrixWorld;
let proxy: FaultyProxy;

beforeAll(async () => {
  if (!present) return;
  world = await MatrixWorld.start();
  proxy = await FaultyProxy.start(world.synapse.url);
});

afterAll(async () => {
  if (!present) return;
  await world.stop();
  await proxy.stop();
});

function secretFile(name: string, text: string): string {
  const path = join(world.folder, name);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}

function flags(core: FakeCore, password: string = world.password): string[] {
  return [
    ...["--core", core.address, "--plaintext", "--token-file", secretFile("core", core.token)],
    ...["--homeserver", proxy.url, "--matrix-user", world.bot, "--devices", "all", "--zone", "Europe/Berlin"],
    ...["--matrix-password-file", secretFile("password", password)],
    ...["--store", world.store, "--store-key-file", secretFile("key", world.storeKey)],
    ...["--recovery-key-file", world.recoveryKeyFile],
  ];
}

const codesSeen = (phone: MatrixPhone): number =>
  phone.seen().filter(({ formatted }) => readHtml(formatted).text.replaceAll(" ", "").includes(SAMPLE_CODE)).length;

const SEND = /^PUT .*\/send\/m\.room\.encrypted\//;

/** How often the homeserver was asked to take a message. */
const sends = (): number => proxy.history.filter((line) => SEND.test(line)).length;

const isSent = (report: Report): boolean => "sent" in report;

/** A chat with the bot's process, and the link token sent in it. */
async function link(core: FakeCore, phone: MatrixPhone): Promise<string> {
  const room = await phone.makeRoom([world.bot]);
  await phone.until(() => phone.members.includes(`${room} ${world.bot} join`));
  await phone.say(room, LINK_TOKEN);
  await core.until(() => core.events.some(({ $case }) => $case === "linkClaim"));
  return room;
}

peerTest("kill points: SIGKILL after the homeserver took the code, then a new process: exactly one", async () => {
  const core = await FakeCore.start();
  let bot = await startChild(MAIN, flags(core));
  expect(bot.ready).toEqual({ ready: true });
  expect(core.hello).toMatchObject({ platform: "matrix", deepLink: "" });
  const phone = await world.phone();
  const room = await link(core, phone);
  expect(core.events.find(({ $case }) => $case === "linkClaim")?.value).toMatchObject({
    peerId: phone.userId,
    linkToken: LINK_TOKEN,
    privateChat: true,
  });
  const outputs: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const prompt = sampleDeliver(Phase.FULL, {
      peerId: phone.userId,
      deliveryId: `kill-${round}`,
      notAfter: undefined,
    });
    proxy.add({ matches: SEND, kind: "reset-after" });
    const before = sends();
    // As the core does: what did not get so far in its time is asked for again.
    while (sends() === before) await core.deliver(prompt);
    outputs.push(bot.output());
    expect(await bot.stop("SIGKILL")).toBe("SIGKILL");
    bot = await startChild(MAIN, flags(core));
    while (!isSent(await core.deliver(prompt)));
    await phone.catchUp(room);
    expect(codesSeen(phone)).toBe(round + 1);
  }
  expect(phone.undecryptable).toEqual([]);
  expect(world.plaintexts()).toBe(0);
  expect(await bot.stop()).toBe(0);
  outputs.push(bot.output());
  for (const hidden of [
    room,
    room.slice(1, 12),
    SAMPLE_CODE,
    "482 915",
    "teapot",
    LINK_TOKEN,
    core.token,
    world.password,
  ]) {
    expect(outputs.join("\n")).not.toContain(hidden);
  }
  core.stop();
  expect(core.violations).toEqual([]);
});

peerTest("a wrong password ends the process with what to do next, and is not in the message", async () => {
  const core = await FakeCore.start();
  const args = flags(core, "not-the-password");
  args[args.indexOf("--store") + 1] = join(world.folder, "other-store");
  const failed = await startChild(MAIN, args).then(
    () => "started",
    (error: Error) => error.message,
  );
  expect(failed).toMatch(/ended with 69 .*--matrix-password-file/s);
  expect(failed).not.toContain("not-the-password");
  core.stop();
});

test("a missing flag is named with its meaning", async () => {
  await expect(startChild(MAIN, [])).rejects.toThrow("--matrix-password-file is missing");
});

import { ChannelError, type Outgoing } from "@countersign/bot-kit";
import { Phase, SAMPLE_CODE, sampleOutgoing } from "@countersign/bot-kit/testing";
import { testWith } from "@countersign/testing";
import { FaultyProxy, matrixPhonePresent, setUpIdentity, synapsePresent } from "@countersign/testing/synapse";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import type { MatrixChannel } from "./matrix-channel.ts";
import { MatrixWorld, RecordingDesk, type Person } from "./testing/matrix-world.ts";
import { readHtml } from "./testing/read-html.ts";

const present = synapsePresent && matrixPhonePresent;
const peerTest = testWith("synapse", present);

let world: MatrixWorld;
let proxy: FaultyProxy;
let channel: MatrixChannel;
let alice: Person;
let lease = new AbortController();

beforeAll(async () => {
  if (!present) return;
  world = await MatrixWorld.start({ encryptsByDefault: false });
  proxy = await FaultyProxy.start(world.synapse.url);
  channel = world.channel({ homeserver: proxy.url });
  await channel.signIn(AbortSignal.timeout(60_000));
  alice = await world.person(channel);
});

afterEach(() => {
  lease.abort();
  lease = new AbortController();
});

afterAll(async () => {
  if (!present) return;
  await world.stop();
  await proxy.stop();
});

async function listening(): Promise<RecordingDesk> {
  const desk = new RecordingDesk();
  await channel.listen(desk, lease.signal);
  return desk;
}

async function ship(outgoing: Outgoing, signal = AbortSignal.timeout(60_000)): Promise<string | ChannelError> {
  try {
    return await channel.deliver(outgoing, signal);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return error;
  }
}

function full(deliveryId: string, peerId: string, more: Parameters<typeof sampleOutgoing>[1] = {}): Outgoing {
  return sampleOutgoing(Phase.FULL, { deliveryId, peerId, ...more });
}

const codesSeen = ({ phone, room }: Person): number =>
  phone.seen(room).filter(({ formatted }) => readHtml(formatted).text.replaceAll(" ", "").includes(SAMPLE_CODE)).length;

peerTest("an invitation of somebody who may not: refused, and nothing is written", async () => {
  const desk = await listening();
  desk.welcome = false;
  const phone = await world.phone();
  const room = await phone.makeRoom([world.bot]);
  await phone.until(() => phone.members.includes(`${room} ${world.bot} leave`));
  expect(phone.members).not.toContain(`${room} ${world.bot} join`);
  expect(desk.inviters).toEqual([phone.userId]);
});

peerTest("a room in the clear: refused, and an encrypted one is offered in its place", async () => {
  const desk = await listening();
  const phone = await world.phone();
  const room = await phone.makeRoom([world.bot], { encrypted: false });
  await phone.until(() => phone.members.includes(`${room} ${world.bot} leave`));
  await phone.until(() => phone.members.some((line) => line.endsWith(`${world.bot} join`)));
  const offered = phone.members.find((line) => line.endsWith(`${world.bot} join`))?.split(" ")[0] ?? "";
  expect(offered).not.toBe(room);
  await phone.until(() => phone.members.includes(`${offered} ${phone.userId} join`));
  await phone.say(offered, "/help");
  await desk.until(() => desk.texts.some(({ peerId }) => peerId === phone.userId));
  expect(await ship(full("offered", phone.userId))).toContain(offered);
  expect(world.plaintexts()).toBe(0);
});

peerTest("a third person comes: the bot leaves, and writes nothing any more", async () => {
  const bob = await world.person(channel);
  await listening();
  const third = await world.phone();
  await bob.phone.invite(bob.room, third.userId);
  await bob.phone.until(() => bob.phone.members.includes(`${bob.room} ${world.bot} leave`));
  expect(await ship(full("group", bob.userId))).toMatchObject({ fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER" });
});

peerTest("who leaves the chat is gone; a later message to him is refused for good", async () => {
  const bob = await world.person(channel);
  const desk = await listening();
  await bob.phone.leave(bob.room);
  await desk.until(() => desk.goneOnes.includes(`${bob.userId} gone`));
  expect(await ship(full("left", bob.userId))).toMatchObject({ fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER" });
});

peerTest("who puts the bot out of the chat is gone", async () => {
  const bob = await world.person(channel, { trusted: false });
  const desk = await listening();
  await bob.phone.kick(bob.room, world.bot);
  await desk.until(() => desk.goneOnes.includes(`${bob.userId} gone`));
  expect(desk.goneOnes).toEqual([`${bob.userId} gone`]);
});

peerTest("texts in the clear, changed texts and the words of a reply are no commands", async () => {
  const desk = await listening();
  const { phone, room } = alice;
  await phone.sayInTheClear(room, "/freeze");
  const said = await phone.say(room, "/pending");
  const edit = { "m.new_content": { msgtype: "m.text", body: "/unlink" } };
  await phone.say(room, "* /unlink", { ...edit, "m.relates_to": { rel_type: "m.replace", event_id: said } });
  await phone.say(room, "/freeze", { "m.relates_to": { "m.in_reply_to": { event_id: said } } });
  await phone.say(room, "/status");
  await desk.until(() => desk.texts.some(({ text }) => text === "/status"));
  expect(desk.texts.map(({ text, forwarded }) => [text, forwarded])).toEqual([
    ["/pending", false],
    ["/freeze", true],
    ["/status", false],
  ]);
  expect(new Set(desk.texts.map(({ eventId }) => eventId)).size).toBe(3);
});

peerTest("a reaction on a message of the person himself, or with another symbol, presses nothing", async () => {
  const desk = await listening();
  const { phone, room } = alice;
  const own = await phone.say(room, "/help");
  const shown = String(await ship(full("symbols", alice.userId)));
  const event = shown.split("|").at(-1) ?? "";
  await phone.react(room, own, "⛔");
  await phone.react(room, event, "👍");
  await phone.react(room, event, "⛔");
  await desk.until(() => desk.presses.length > 0);
  expect(desk.presses.map(({ buttonId }) => buttonId)).toEqual(["n.ref-1"]);
});

peerTest("the bound identity is his: shown. Another one since: told, refused for good, nothing sent", async () => {
  const bob = await world.person(channel);
  const { phone, room } = bob;
  const { deviceId, accessToken, url, password } = phone;
  const of = { userId: bob.userId, deviceId, accessToken, url, password };
  const { masterKey } = await setUpIdentity(of);
  const desk = await listening();
  await phone.say(room, "/status");
  // With --devices all the homeserver may add a device of its own: no identity is claimed that would vouch for him.
  await desk.until(() => desk.texts.some(({ text }) => text === "/status"));
  expect(desk.texts.at(-1)).not.toHaveProperty("peerIdentity");
  expect(typeof (await ship(full("identity.1", bob.userId, { peerIdentity: masterKey })))).toBe("string");
  await setUpIdentity(of);
  await desk.until(() => desk.goneOnes.includes(`${bob.userId} CHANNEL_IDENTITY_CHANGED`));
  expect(await ship(full("identity.2", bob.userId, { peerIdentity: masterKey }))).toMatchObject({
    fate: "permanent",
    reason: "CHANNEL_IDENTITY_CHANGED",
    detail: "identity-changed",
  });
  await phone.catchUp(room);
  expect(codesSeen(bob)).toBe(1);
});

peerTest("somebody who has logged out everywhere could never read it: refused for good, nothing sent", async () => {
  const bob = await world.person(channel);
  const headers = { authorization: `Bearer ${bob.phone.accessToken}` };
  await fetch(`${world.synapse.url}/_matrix/client/v3/logout`, { method: "POST", headers });
  const before = proxy.history.length;
  expect(await ship(full("no-device", bob.userId))).toMatchObject({ fate: "permanent", detail: "not-encrypted" });
  expect(proxy.history.slice(before).filter((line) => line.startsWith("PUT "))).toEqual([]);
});

const SEND = /^PUT .*\/send\/m\.room\.encrypted\//;

const sends = (): number => proxy.history.filter((line) => SEND.test(line)).length;

/** Ships; the time is over as soon as the homeserver was asked to take the message. */
async function shipUntilAsked(outgoing: Outgoing): Promise<string | ChannelError> {
  const before = sends();
  const deadline = new AbortController();
  const shipped = ship(outgoing, deadline.signal);
  while (sends() === before) await new Promise((resolve) => setImmediate(resolve));
  deadline.abort();
  return shipped;
}

const LIMIT = { status: 429, body: '{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1200}' };
const BREAKS = [
  { when: "before the server had it", kind: "reset-before", fate: "unknown" },
  { when: "after the server had it", kind: "reset-after", fate: "unknown" },
  { when: "by a proxy's page", kind: { status: 502, body: "<html>" }, fate: "unknown" },
  { when: "by a time-out", kind: "black-hole", fate: "unknown" },
  { when: "by a limit", kind: LIMIT, fate: "not-sent" },
] as const;

for (const { when, kind, fate } of BREAKS) {
  peerTest(`kill point: broken off ${when} and repeated: exactly one code on the phone`, async () => {
    alice.phone.messages.splice(0);
    proxy.add({ matches: SEND, kind });
    const message = full(`broken ${when}`, alice.userId);
    const first = await (kind === "black-hole" ? shipUntilAsked(message) : ship(message));
    expect(first).toMatchObject({ fate });
    expect(JSON.stringify(first)).not.toContain(SAMPLE_CODE);
    const second = await ship(message);
    expect(await ship(message)).toBe(second);
    await alice.phone.catchUp(alice.room);
    expect(codesSeen(alice)).toBe(1);
    expect(alice.phone.undecryptable).toEqual([]);
  });
}

peerTest("the largest message that is let through fits into an event of the homeserver", async () => {
  const words = { style: "value", text: "x".repeat(23_500) } as const;
  const message = { locale: "en", direction: "ltr", preview: "", blocks: [[[words]]], buttons: [] } as const;
  const shown = String(await ship({ ...full("large", alice.userId), message }));
  await alice.phone.until(() => alice.phone.messages.some(({ event }) => shown.endsWith(event)));
  const edited = { ...full("large-2", alice.userId, { providerId: shown }), message };
  expect(await ship(edited)).toMatchObject({ fate: "permanent", reason: "CHANNEL_DOES_NOT_FIT" });
});

peerTest("the homeserver is down for a while: not sent, then sent, and nothing that was written is lost", async () => {
  alice.phone.messages.splice(0);
  const desk = await listening();
  const inTheClear = world.plaintexts();
  await world.synapse.pause();
  const message = full("down", alice.userId);
  expect(await ship(message, AbortSignal.timeout(3_000))).toMatchObject({ fate: "not-sent" });
  await world.synapse.resume();
  expect(typeof (await ship(message))).toBe("string");
  await alice.phone.say(alice.room, "/channels");
  await desk.until(() => desk.texts.some(({ text }) => text === "/channels"));
  await alice.phone.catchUp(alice.room);
  expect(codesSeen(alice)).toBe(1);
  expect(world.plaintexts()).toBe(inTheClear);
});

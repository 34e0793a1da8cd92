import { sampleOutgoing, Phase, SAMPLE_CODE } from "@countersign/bot-kit/testing";
import { testWith } from "@countersign/testing";
import { matrixPhonePresent, setUpIdentity, synapsePresent } from "@countersign/testing/synapse";
import { afterAll, beforeAll, beforeEach, expect } from "@jest/globals";
import type { Outgoing } from "@countersign/bot-kit";
import type { MatrixChannel } from "./matrix-channel.ts";
import { MatrixWorld, RecordingDesk, type Person } from "./testing/matrix-world.ts";
import { readHtml } from "./testing/read-html.ts";

const present = synapsePresent && matrixPhonePresent;
const peerTest = testWith("synapse", present);

let world: MatrixWorld;
let channel: MatrixChannel;
let alice: Person;

beforeAll(async () => {
  if (!present) return;
  world = await MatrixWorld.start();
  channel = await open();
  alice = await world.person(channel);
});

afterAll(async () => {
  if (present) await world.stop();
});

beforeEach(async () => {
  if (!present) return;
  await alice.phone.catchUp(alice.room);
  alice.phone.messages.splice(0);
});

async function open(): Promise<MatrixChannel> {
  const fresh = world.channel();
  await fresh.signIn(AbortSignal.timeout(60_000));
  return fresh;
}

async function restart(): Promise<void> {
  await channel.close();
  channel = await open();
}

function full(deliveryId: string, more: Parameters<typeof sampleOutgoing>[1] = {}): Outgoing {
  return sampleOutgoing(Phase.FULL, { deliveryId, peerId: alice.userId, ...more });
}

async function ship(outgoing: Outgoing): Promise<string> {
  return channel.deliver(outgoing, AbortSignal.timeout(60_000));
}

const withCode = (html: string): boolean => readHtml(html).text.replaceAll(" ", "").includes(SAMPLE_CODE);

peerTest(
  "20 restarts, each sending right after the start: no plaintext at the homeserver, all 20 decrypt",
  async () => {
    const ids: string[] = [];
    for (let at = 0; at < 20; at += 1) {
      await restart();
      ids.push(await ship(full(`restart-${at}`)));
    }
    await alice.phone.catchUp(alice.room);
    const shown = alice.phone.seen(alice.room);
    expect(shown.filter(({ formatted, encrypted }) => encrypted && withCode(formatted))).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
    expect(alice.phone.undecryptable).toEqual([]);
    expect(world.plaintexts()).toBe(0);
  },
);

peerTest("check 15: a message that was sent and is asked for again after a restart shows once", async () => {
  const first = await ship(full("again"));
  await restart();
  expect(await ship(full("again"))).toBe(first);
  await alice.phone.catchUp(alice.room);
  expect(alice.phone.seen(alice.room).filter(({ formatted }) => withCode(formatted))).toHaveLength(1);
  expect(alice.phone.undecryptable).toEqual([]);
});

peerTest(
  "a resent code takes the place of the one before: the old message is empty at the homeserver too",
  async () => {
    const first = await ship(full("resend.1"));
    const resent = full("resend.2", { providerId: first });
    const second = await ship(resent);
    await restart();
    expect(await ship(resent)).toBe(second);
    await alice.phone.catchUp(alice.room);
    expect(alice.phone.seen(alice.room).map(({ event }) => event)).toEqual([second.split("|").at(-1)]);
    expect(alice.phone.redacted.has(first.split("|").at(-1) ?? "")).toBe(true);
  },
);

peerTest("an outcome after the code redacts it; the next outcome edits the notice in its place", async () => {
  const notice = {
    type: 9,
    triesLeft: 0,
    rejectReason: 0,
    detail: "",
    receipt: "",
    at: undefined,
    claimBy: undefined,
    approved: 0,
    needed: 0,
    until: undefined,
    by: "",
  };
  const outcome = (deliveryId: string, type: number, providerId: string): Outgoing =>
    sampleOutgoing(Phase.OUTCOME, {
      ...{ deliveryId, peerId: alice.userId, providerId, actionRef: "" },
      notice: { ...notice, type } as never,
    });
  const code = await ship(full("ends.1"));
  const told = await ship(outcome("ends.2", 9, code));
  expect(told).toMatch(/^n\|/);
  const again = await ship(outcome("ends.3", 10, told));
  expect(again).toBe(told);
  expect(await ship(outcome("ends.3", 10, told))).toBe(told);
  await alice.phone.catchUp(alice.room);
  expect(alice.phone.seen(alice.room).map(({ event }) => event)).toEqual([told.split("|").at(-1)]);
  expect(alice.phone.messages.filter(({ formatted }) => withCode(formatted)).map(({ event }) => event)).toEqual([
    code.split("|").at(-1),
  ]);
  expect(alice.phone.redacted.has(code.split("|").at(-1) ?? "")).toBe(true);
});

peerTest("what people wrote and pressed while no bot ran is handed in once it listens, in order", async () => {
  const shown = (await ship(full("pressed-later"))).split("|").at(-1) ?? "";
  const lease = new AbortController();
  await channel.listen(new RecordingDesk(), lease.signal);
  lease.abort();
  await channel.close();
  const lines = Array.from({ length: 55 }, (_one, at) => `/history ${at}`);
  for (const line of lines) await alice.phone.say(alice.room, line);
  await alice.phone.react(alice.room, shown, "✏");
  channel = await open();
  const desk = new RecordingDesk();
  const next = new AbortController();
  await channel.listen(desk, next.signal);
  await desk.until(() => desk.presses.length === 1);
  expect(desk.texts.map(({ text }) => text)).toEqual(lines);
  expect(desk.presses[0]).toMatchObject({ peerId: alice.userId, buttonId: "w.ref-1" });
  next.abort();
  const later = new RecordingDesk();
  await channel.listen(later, AbortSignal.any([]));
  await alice.phone.say(alice.room, "/status");
  await later.until(() => later.texts.length > 0);
  expect(later.texts.map(({ text }) => text)).toEqual(["/status"]);
});

peerTest("a second process on the same store waits for the first to end", async () => {
  const standby = world.channel();
  const waiting = standby.signIn(AbortSignal.timeout(60_000));
  await ship(full("while another waits"));
  await channel.close();
  expect(await waiting).toBe("");
  channel = standby;
  expect(await ship(full("after it"))).toMatch(/^c\|/);
});

peerTest("devices that their owner signed, alone: others get nothing and order nothing", async () => {
  const shown = (await ship(full("to all devices"))).split("|").at(-1) ?? "";
  await channel.close();
  channel = world.channel({ devices: "signed" });
  await channel.signIn(AbortSignal.timeout(60_000));
  const desk = new RecordingDesk();
  // An answer would be one that his device, not signed yet, cannot read.
  desk.answers = false;
  await channel.listen(desk, AbortSignal.any([]));
  const { phone, room, userId } = alice;
  await expect(ship(full("unsigned"))).rejects.toMatchObject({ fate: "permanent", detail: "not-encrypted" });
  await phone.say(room, "/freeze");
  // A chat is read in its order: what was written before the press has been judged before the owner signs.
  await phone.react(room, shown, "⛔");
  await desk.until(() => desk.presses.length > 0);
  expect(desk.texts).toEqual([]);
  const { deviceId, accessToken, url, password } = phone;
  const { masterKey } = await setUpIdentity({ url, userId, password, deviceId, accessToken });
  const signed = await ship(full("signed", { peerIdentity: masterKey }));
  await phone.say(room, "/status");
  await desk.until(() => desk.texts.length > 0);
  expect(desk.texts).toMatchObject([{ text: "/status", peerIdentity: masterKey }]);
  await phone.catchUp(room);
  const codes = phone.seen(room).filter(({ formatted }) => withCode(formatted));
  expect(codes.map(({ event }) => event)).toEqual([shown, signed.split("|").at(-1)]);
  expect(phone.undecryptable).toEqual([]);
});

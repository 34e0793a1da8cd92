import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as nextTurn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { AT_ONCE_MS } from "@countersign/testing";
import { status } from "@grpc/grpc-js";
import { BROADCAST, HidCommand, HidError, parseReport, type Report } from "@countersign/key-protocol";
import { decodeStatement, parseSigned, toHex } from "@countersign/protocol";
import { HidBus } from "./hid/hid-bus.ts";
import { SocketTransport } from "./hid/socket-transport.ts";
import { HidSmartKey } from "./key/hid-smart-key.ts";
import { Cable, type Fault, type Passing } from "./testing/cable.ts";
import { CallFailed } from "./testing/device-client.ts";
import { enrol, PIN, type Rig, setPin, signRequest, startRig } from "./testing/rig.ts";

let rig: Rig;
let cable: Cable;
let keyId: string;

beforeAll(async () => {
  rig = await startRig({
    via: async (keySocket, folder) => {
      cable = await Cable.lay(join(folder, "cable.sock"), keySocket);
      return join(folder, "cable.sock");
    },
  });
  await setPin(rig);
  keyId = toHex((await enrol(rig)).keyId);
}, 400_000);

afterEach(() => cable.use());

afterAll(async () => {
  await rig.stop();
  await cable.close();
});

/** Counter of a signed reject, which shows that daemon and key still work together. */
async function rejectOnKey(): Promise<number> {
  await rig.client.untilKeys((keys) => keys.length === 1);
  const signing = rig.client.sign(signRequest(keyId));
  await rig.hands.until("pages");
  await rig.hands.press("reject", "1", "ok");
  const { last } = await signing;
  return decodeStatement(parseSigned(last?.signedStatement ?? new Uint8Array(0)).payload).counter;
}

async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => value,
    (cause: unknown) => cause,
  );
}

const isKeepalive = ({ report }: Passing): boolean => commandOf(report) === HidCommand.KEEPALIVE;

function commandOf(report: Uint8Array): number | undefined {
  const parsed = parseReport(report);
  return parsed.type === "first" ? parsed.command : undefined;
}

type Change = (report: Uint8Array) => readonly Uint8Array[];

/** Applies a change to the n-th report of `present`, or to the last one where `nth` is "last". */
function onRequest(nth: number | "last", change: Change): Fault {
  return onMessage("host", (parsed) => isFirst(parsed, HidCommand.COUNTERSIGN, 3), nth, change);
}

/** Applies a change to the n-th report of the first answer from now on. */
function onAnswer(nth: number | "last", change: Change): Fault {
  return onMessage(
    "key",
    (parsed) => parsed.type === "first" && parsed.command === HidCommand.COUNTERSIGN,
    nth,
    change,
  );
}

function onMessage(
  from: "host" | "key",
  begins: (parsed: Report) => boolean,
  nth: number | "last",
  change: Change,
): Fault {
  let at = -1;
  let wanted = -1;
  return (passing) => {
    const parsed = parseReport(passing.report);
    if (passing.from !== from || isKeepalive(passing)) return [passing.report];
    if (at === -1 && !begins(parsed)) return [passing.report];
    if (at === -1 && parsed.type === "first") wanted = nth === "last" ? Math.ceil((parsed.length - 57) / 59) : nth;
    return ++at === wanted ? change(passing.report) : [passing.report];
  };
}

/** How often `present` was sent and not answered by BUSY, which says that the key has not begun. */
function presentsSince(mark: number): number {
  const since = cable.log.slice(mark).map(({ from, report }) => ({ from, parsed: parseReport(report) }));
  const begun = since.filter(({ from, parsed }) => from === "host" && isFirst(parsed, HidCommand.COUNTERSIGN, 3));
  const busy = since.filter(
    ({ from, parsed }) => from === "key" && isFirst(parsed, HidCommand.ERROR, HidError.CHANNEL_BUSY),
  );
  return begun.length - busy.length;
}

function isFirst(parsed: Report, command: number, byte: number): boolean {
  return parsed.type === "first" && parsed.command === command && parsed.data[0] === byte;
}

const lose = (): readonly Uint8Array[] => [];
const double = (report: Uint8Array): readonly Uint8Array[] => [report, report];
const garble = (report: Uint8Array): readonly Uint8Array[] => [
  report.map((byte, at) => (at === 4 ? byte ^ 0x3f : byte)),
];

describe("D11: reports of the request are lost on the way to the key", () => {
  test.each([
    ["the first is lost", onRequest(0, lose)],
    ["the second is lost", onRequest(1, lose)],
    ["the last is lost", onRequest("last", lose)],
    ["one is doubled", onRequest(2, double)],
    ["one is garbled", onRequest(2, garble)],
  ])(
    "%s: KEY_LINK long before its time is up, one present, nothing signed, and the next works",
    async (_name, fault) => {
      const before = await rejectOnKey();
      const mark = cable.log.length;
      cable.use(fault);
      const from = performance.now();
      const failed = await outcomeOf(rig.client.sign(signRequest(keyId)));
      expect(failed).toBeInstanceOf(CallFailed);
      expect(failed).toMatchObject({ code: status.UNAVAILABLE, reason: "KEY_LINK" });
      expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
      expect(presentsSince(mark)).toBe(1);
      cable.use();
      expect(await rejectOnKey()).toBe(before + 1);
    },
  );
});

describe("D11: reports of the answer are lost on the way back", () => {
  test.each([
    ["the first is lost", onAnswer(0, lose)],
    ["the second is lost", onAnswer(1, lose)],
    ["the last is lost", onAnswer("last", lose)],
    ["one is doubled", onAnswer(2, double)],
  ])(
    "%s: KEY_LINK, the present is not sent again, the signature is lost and its counter used",
    async (_name, fault) => {
      const before = await rejectOnKey();
      const mark = cable.log.length;
      const signing = outcomeOf(rig.client.sign(signRequest(keyId)));
      await rig.hands.until("pages");
      cable.use(fault);
      await rig.hands.press("reject", "1", "ok");
      expect(await signing).toMatchObject({ reason: "KEY_LINK" });
      expect(presentsSince(mark)).toBe(1);
      cable.use();
      expect(await rejectOnKey()).toBe(before + 2);
    },
  );

  test("two reports change places", async () => {
    const signing = outcomeOf(rig.client.sign(signRequest(keyId)));
    await rig.hands.until("pages");
    const held: Uint8Array[] = [];
    const hold = onAnswer(1, (report) => (held.push(report), []));
    cable.use((passing) => {
      const waiting = passing.from === "key" ? held.splice(0) : [];
      return [...hold(passing), ...waiting];
    });
    await rig.hands.press("reject", "1", "ok");
    expect(await signing).toMatchObject({ reason: "KEY_LINK" });
  });
});

/** Waits until the key has said BUSY to the daemon twice. */
async function untilBusy(mark: number): Promise<void> {
  const busy = (): number =>
    cable.log.slice(mark).filter(({ report }) => isFirst(parseReport(report), HidCommand.ERROR, HidError.CHANNEL_BUSY))
      .length;
  while (busy() < 2) await nextTurn();
}

describe("what does no harm", () => {
  test("lost and doubled keepalives, reports of foreign channels", async () => {
    const foreign = Uint8Array.from({ length: 64 }, (_, at) => (at < 4 ? 0x66 : at === 4 ? 0x81 : 1));
    cable.use((passing) => {
      if (passing.from === "host") return [passing.report];
      if (!isKeepalive(passing)) return [foreign, passing.report, foreign];
      return passing.at % 3 === 0 ? [] : [passing.report, passing.report, foreign];
    });
    expect(await rejectOnKey()).toBeGreaterThan(0);
  });

  test("D9: another program holds the key: we ask again until it lets go, and its reports are not taken for ours", async () => {
    const other = await HidSmartKey.connect(new HidBus(await SocketTransport.connect(rig.keySocket)));
    const theirs = new AbortController();
    const held = outcomeOf(other.setPin(true, { signal: theirs.signal }));
    await rig.hands.until("pin");
    const mark = cable.log.length;
    const signing = rig.client.sign(signRequest(keyId));
    await untilBusy(mark);
    theirs.abort(new Error("they let go"));
    await held;
    await rig.hands.until("pages");
    await rig.hands.press("reject", "2", "ok");
    expect((await signing).last?.rejected).toBe(true);
    expect(presentsSince(mark)).toBe(1);
  });
});

describe("D10: unplugged", () => {
  test("in the middle of a transaction: KEY_LEFT at once, nothing signed; after a replug a new PIN is asked", async () => {
    const before = await rejectOnKey();
    const signing = outcomeOf(rig.client.sign(signRequest(keyId)));
    await rig.hands.readPages();
    await rig.hands.until("pin");
    await rig.hands.type(PIN);
    await rig.hands.until("code");
    const from = performance.now();
    await rig.hands.unplug();
    expect(await signing).toMatchObject({ code: status.UNAVAILABLE, reason: "KEY_LEFT" });
    expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
    await rig.hands.plug();
    await rig.client.untilKeys((keys) => keys.length === 1);
    const again = rig.client.sign(signRequest(keyId));
    await rig.hands.readPages();
    expect((await rig.hands.until("pin")).page).toBe("pin");
    await rig.hands.press("reject", "1", "ok");
    await again;
    expect(await rejectOnKey()).toBe(before + 2);
  });

  test("after a replug there is a new INIT, and no report goes to a channel of before", async () => {
    await rejectOnKey();
    const before = new Set(cable.log.map(({ report }) => parseReport(report).channel));
    const gone = rig.client.untilKeys((keys) => keys.length === 0);
    await rig.hands.unplug();
    await gone;
    const mark = cable.log.length;
    await rig.hands.plug();
    await rejectOnKey();
    const after = cable.log.slice(mark).map(({ report }) => parseReport(report));
    expect(isFirst(after[0] as Report, HidCommand.INIT, after[0]?.data[0] ?? 0)).toBe(true);
    const channels = new Set(after.map(({ channel }) => channel));
    expect([...channels].filter((channel) => channel !== BROADCAST && before.has(channel))).toEqual([]);
  });

  test("a session of VerifyUser does not outlive its key", async () => {
    const verifying = rig.client.verifyUser();
    await rig.hands.until("pin");
    await rig.hands.type(PIN);
    const session = await verifying;
    const gone = rig.client.untilKeys((keys) => keys.length === 0);
    await rig.hands.unplug();
    await gone;
    await rig.hands.plug();
    await rig.client.untilKeys((keys) => keys.length === 1);
    expect(await outcomeOf(rig.client.sign(signRequest(keyId, { session })))).toMatchObject({ reason: "NOT_AWAITED" });
  });

  test("a cut cable in the middle, the key still waiting: the new channel is served, the old request is over by time alone", async () => {
    const signing = outcomeOf(rig.client.sign(signRequest(keyId, { expiresInS: 10 })));
    await rig.hands.until("pages");
    cable.cut();
    expect(await signing).toMatchObject({ reason: "KEY_LEFT" });
    await rig.hands.untilScreen(({ lights }) => !lights.busy);
    expect(await rejectOnKey()).toBeGreaterThan(0);
  });
});

test("D11: 40 seeded schedules of loss, doubling, garbling and cuts: each Sign ends in time and none is signed twice", async () => {
  let seed = 20261122;
  const next = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  let counter = await rejectOnKey();
  for (let run = 0; run < 40; run++) {
    const changes = [lose, double, garble, (report: Uint8Array) => (cable.cut(), [report])];
    const change = changes[next(changes.length)] ?? lose;
    cable.use(next(2) === 0 ? onRequest(next(4), change) : onAnswer(next(4), change));
    const transactionId = randomBytes(16).toString("hex");
    const mark = cable.log.length;
    const signing = outcomeOf(rig.client.sign(signRequest(keyId, { transactionId, expiresInS: 2 })));
    const over = signing.then(() => "over");
    const shown = rig.hands.until("pages").then(() => "shown");
    if ((await Promise.race([over, shown])) === "shown") await rig.hands.press("reject", "1", "ok");
    await signing;
    expect(presentsSince(mark)).toBeLessThanOrEqual(1);
    cable.use();
    await rig.hands.untilScreen(({ lights }) => !lights.busy);
    const now = await rejectOnKey();
    expect(now - counter).toBeLessThanOrEqual(2);
    counter = now;
  }
}, 300_000);

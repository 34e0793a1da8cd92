// The code takes the next channel when one fails: in the user's order, inside its time, and only where it may go.
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { Assurance, State } from "@countersign/proto/node/core/v1/content";
import { tempFolder, testWith } from "@countersign/testing";
import { matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import type { ChannelName } from "../chat/chat-service.ts";
import { FaultWorld } from "../faults/fault-world.ts";
import { alterContent } from "../mitm/alter.ts";
import { reasonOf } from "./error-info.ts";

const CHANNELS: readonly ChannelName[] = ["telegram", "matrix", "mail", "sms"];
const LINES = ["EUR 42.00", "Blumen Krause", "DE02 1203 0000 0000 2020 51", "Flowers"];
/** Codes of ten digits are found in a log by no accident. */
const LONG_CODES = { digits: 10, highValueDigits: 10 };
/** Its time is seven seconds; the rest is what a busy machine may take. */
const ASKED_WITHIN_MS = 60_000;
const lifetime = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });

const there = synapsePresent && matrixPhonePresent;
const peerTest = testWith("Synapse with matrix-nio", there);
const folder = tempFolder();
let world: FaultWorld;
let before: (number | undefined)[];

beforeAll(async () => {
  if (!there) return;
  world = await FaultWorld.start({ folder, channels: CHANNELS, policy: LONG_CODES });
  before = world.pids();
}, 400_000);
afterEach(async () => {
  if (!there) return;
  for (const channel of CHANNELS) await world.turn(channel, "open");
  world.mustLive(before);
});
afterAll(() => world?.stop());

peerTest(
  "telegram, matrix and mail down: the code comes once, by SMS, with every line, and confirms; nothing comes late",
  async () => {
    const user = await world.user();
    for (const channel of ["telegram", "matrix", "mail"] as const) await world.turn(channel, "shut");
    const began = performance.now();
    const waiting = await user.pay();
    await waiting.timeline.until(DeliveryEventType.SENT, "sms");
    expect(performance.now() - began).toBeLessThan(3 * ASKED_WITHIN_MS);
    expect(waiting.timeline.askedInOrder()).toEqual(CHANNELS);
    const [code = "", ...more] = await user.codesOn("sms");
    expect(more).toEqual([]);
    const text = (await user.shownOn("sms")).map((shown) => shown.text).join("\n");
    for (const line of LINES) expect(text.replaceAll(/\s+/g, " ")).toContain(line);
    expect(await user.confirm(waiting, "sms")).toBe(State.CONFIRMED);
    for (const channel of CHANNELS) await world.turn(channel, "open");
    await waiting.timeline.ended;
    expect(await user.codesOn("sms")).toEqual([code]);
    for (const channel of ["telegram", "matrix", "mail"] as const) expect(await user.codesOn(channel)).toEqual([]);
    expect(world.codesIn([code])).toEqual([]);
  },
  400_000,
);

peerTest(
  "what asks for medium assurance falls to neither mail nor SMS when telegram and matrix are down: UNDELIVERABLE",
  async () => {
    const user = await world.user();
    for (const channel of ["telegram", "matrix"] as const) await world.turn(channel, "shut");
    const waiting = await user.pay({ assuranceHint: Assurance.MEDIUM, lifetime: lifetime(60) });
    await user.reaches(waiting, State.UNDELIVERABLE);
    await waiting.timeline.ended;
    expect(await user.attempts(waiting)).toEqual(["telegram FAILED CHANNEL_DOWN", "matrix FAILED CHANNEL_DOWN"]);
    for (const channel of ["mail", "sms"] as const) expect(await user.shownOn(channel)).toEqual([]);
    for (const channel of ["telegram", "matrix"] as const) expect(await user.codesOn(channel)).toEqual([]);
  },
  400_000,
);

peerTest(
  "threat 01: TAMPERED is told on all four channels, with the core's values where the assurance suffices alone",
  async () => {
    const user = await world.user();
    const waiting = await user.pay({ assuranceHint: Assurance.MEDIUM });
    expect(await reasonOf(user.confirm(waiting, "telegram", alterContent))).toBe("TAMPERED");
    for (const channel of CHANNELS) {
      const { text } = await user.hands(channel).phoneSays("STOPPED");
      expect({ channel, lines: text.includes("Blumen Krause") }).toEqual({
        channel,
        lines: channel === "telegram" || channel === "matrix",
      });
      expect(text).not.toContain("Mallory");
    }
  },
  400_000,
);

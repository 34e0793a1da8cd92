// The homeserver is gone, stalls or sets limits: mail has the code in time, and Matrix shows none late.
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { tempFolder, testWith } from "@countersign/testing";
import { matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import type { Customer, Waiting } from "../faults/customer.ts";
import { FaultWorld } from "../faults/fault-world.ts";

const LONG_CODES = { digits: 10, highValueDigits: 10 };
/** Its time is seven seconds; the rest is what a busy machine may take. */
const ASKED_WITHIN_MS = 60_000;
/** A code leaves for forty seconds: none in the last twenty. */
const SHORT = { lifetime: { seconds: 60n, nanos: 0 } };

const there = synapsePresent && matrixPhonePresent;
const peerTest = testWith("Synapse with matrix-nio", there);
const folder = tempFolder();
let world: FaultWorld;
let before: (number | undefined)[];

beforeAll(async () => {
  if (!there) return;
  world = await FaultWorld.start({ folder, channels: ["matrix", "mail"], policy: LONG_CODES });
  before = world.pids();
}, 400_000);
afterEach(async () => {
  if (!there) return;
  await world.turn("matrix", "open");
  world.mustLive(before);
});
afterAll(() => world?.stop());

/** A payment whose code Matrix does not take. Resolves when mail has taken it. */
async function payByMail(user: Customer, more: Parameters<Customer["pay"]>[0] = {}): Promise<Waiting> {
  const began = performance.now();
  const waiting = await user.pay(more);
  await waiting.timeline.until(DeliveryEventType.SENT, "mail");
  expect(performance.now() - began).toBeLessThan(ASKED_WITHIN_MS);
  return waiting;
}

/** The homeserver is back, and the bot answers there. */
async function expectNothingLate(user: Customer): Promise<void> {
  await world.turn("matrix", "open");
  await user.answered("matrix");
  const [code = "", ...more] = await user.codesOn("mail");
  expect(more).toEqual([]);
  expect(await user.codesOn("matrix")).toEqual([]);
  expect(world.codesIn([code])).toEqual([]);
}

peerTest(
  "a homeserver that nothing listens at until the code has no time left: mail in time; the bot lives, catches up, and sends nothing late",
  async () => {
    const user = await world.user();
    await world.turn("matrix", "shut");
    const waiting = await payByMail(user, SHORT);
    await user.hands("matrix").phone.send("/status");
    await waiting.timeline.until(DeliveryEventType.FAILED, "matrix");
    await world.turn("matrix", "open");
    // Said while the bot could not hear it.
    await user.hands("matrix").phoneSays("Your confirmations: active");
    await user.cancel(waiting);
    await expectNothingLate(user);
  },
  400_000,
);

peerTest(
  "a homeserver that takes connections and never answers: mail in time, nothing late",
  async () => {
    const user = await world.user();
    await world.turn("matrix", "silent");
    const waiting = await payByMail(user);
    await world.turn("matrix", "open");
    await user.cancel(waiting);
    await expectNothingLate(user);
  },
  400_000,
);

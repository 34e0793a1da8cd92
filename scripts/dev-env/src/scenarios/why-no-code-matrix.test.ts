// A real homeserver that is away or stalls: what an administrator is told, by one command.
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import { FaultWorld } from "../faults/fault-world.ts";
import { Watcher } from "../faults/watcher.ts";

const there = synapsePresent && matrixPhonePresent;
const peerTest = testWith("Synapse with matrix-nio", there);
const folder = tempFolder();
let world: FaultWorld;
let watcher: Watcher;

beforeAll(async () => {
  if (!there) return;
  // So long that no code expires on a busy machine.
  const policy = { channelTimeoutS: 300, lifetimeS: 500 };
  world = await FaultWorld.start({ folder, channels: ["matrix"], policy });
  watcher = await Watcher.claim(world.installation);
}, 400_000);
afterEach(async () => {
  if (there) await world.turn("matrix", "open");
});
afterAll(async () => {
  watcher?.close();
  await world?.stop();
}, 400_000);

peerTest.each(["shut", "silent"] as const)(
  "a homeserver whose line is %s: PROVIDER_UNREACHABLE",
  async (line) => {
    const user = await world.user();
    await world.turn("matrix", line);
    const { transaction } = await user.pay();
    await watcher.told(transaction.transactionId, "matrix", "PROVIDER_UNREACHABLE");
    const { finding } = await watcher.whyUntil(user.desk.userId, "PROVIDER_UNREACHABLE");
    // Whether it was cut, refused or not answered in time: the first try may meet another one than the next.
    expect(["reset", "connect", "timeout"]).toContain(finding.detail);
    expect([finding.text, finding.advice]).not.toContain("");
  },
  400_000,
);

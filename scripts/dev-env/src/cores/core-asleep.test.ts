// The core that has the bot's stream stands still in the middle of a message, and wakes up when another one took over.
import { afterAll, beforeAll, expect } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { tempFolder, testWith } from "@countersign/testing";
import { startTripwire, type Tripwire } from "../chat/tripwire.ts";
import { CoresWorld } from "./cores-world.ts";
import { hasRedis } from "./redis.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const CODE = Buffer.from("/editMessageText HTTP/1.1\r\n");
let world: CoresWorld;
let wire: Tripwire;

const strung = async (port: number): Promise<number> => (wire = await startTripwire(port)).port;

beforeAll(async () => {
  if (hasRedis) world = await CoresWorld.start({ folder, cores: 2, between: strung });
}, 400_000);
afterAll(async () => {
  await world?.stop();
  await wire?.stop();
});

peerTest(
  "SIGSTOP of the bot's core while its message is under way: what it does on waking changes nothing",
  async () => {
    const ann = await world.user(1);
    expect(await world.coreOfBot()).toBe(0);
    const asleep = world.core(0).process;
    const stopped = wire.arm({ pattern: CODE, side: "before", nth: 1 }, () => void asleep.kill("SIGSTOP"));
    const waiting = await ann.pay();
    await stopped;
    try {
      // The bot reports to a core that does not hear it, misses its beats and goes to the other one.
      expect(await world.coreOfBot([1])).toBe(1);
      await waiting.timeline.until(DeliveryEventType.SENT);
    } finally {
      asleep.kill("SIGCONT");
    }
    // It hears the report now, under a fence that is over, and finds its stream gone.
    await world.coreWithoutBot(0);
    expect(await ann.codesOn("telegram")).toHaveLength(1);
    expect(await ann.confirm(waiting, "telegram")).toBe(State.CONFIRMED);
    // Whoever woke up is a core like any other.
    const there = world.at(ann.desk, ann.chatId, 0);
    await there.reaches(waiting, State.CONFIRMED);
    await there.cancel(waiting);
    expect(await ann.codesOn("telegram")).toHaveLength(1);
    expect(await ann.hands("telegram").chat()).not.toContain("Code");
    expect(await world.coreOfBot()).toBe(1);
  },
);

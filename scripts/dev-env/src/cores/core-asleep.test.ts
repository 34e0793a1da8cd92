// The core that has the bot's stream stands still in the middle of a message, and wakes up when another one took over.
import { afterAll, beforeAll, expect } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { tempFolder, testWith } from "@countersign/testing";
import { startTripwire, type Tripwire } from "../chat/tripwire.ts";
import { readLedger } from "../installation.ts";
import { CoresWorld } from "./cores-world.ts";
import { hasRedis } from "./redis.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const CODE = Buffer.from("/editMessageText HTTP/1.1\r\n");
let world: CoresWorld;
let wire: Tripwire;

const strung = async (port: number): Promise<number> => (wire = await startTripwire(port)).port;

beforeAll(async () => {
  if (hasRedis) world = await CoresWorld.start({ folder, cores: 2, bank: true, between: strung });
}, 400_000);
afterAll(async () => {
  await world?.stop();
  await wire?.stop();
});

peerTest(
  "SIGSTOP of the bot's core while its message is under way: what it does on waking changes nothing",
  async () => {
    const sleeper = await world.coreOfBot();
    const other = 1 - sleeper;
    const ann = await world.user(other);
    const asleep = world.core(sleeper).process;
    const stopped = wire.arm({ pattern: CODE, side: "before", nth: 1 }, () => void asleep.kill("SIGSTOP"));
    const waiting = await ann.pay();
    await stopped;
    try {
      // The bot reports to a core that does not hear it, misses its beats and goes to the other one.
      expect(await world.coreOfBot([other])).toBe(other);
      await waiting.timeline.until(DeliveryEventType.SENT);
      expect(await ann.confirm(waiting, "telegram")).toBe(State.CONFIRMED);
      // So does the bank, wherever its stream of offers was.
      await ann.reaches(waiting, State.EXECUTED);
      await waiting.timeline.ended;
    } finally {
      asleep.kill("SIGCONT");
    }
    // It hears the report now, under a fence that is over, and finds its stream gone.
    await world.coreWithoutBot(sleeper);
    // Whoever woke up is a core like any other.
    await world.at(ann.desk, ann.chatId, sleeper).reaches(waiting, State.EXECUTED);
    expect(await ann.codesOn("telegram")).toHaveLength(1);
    expect(await ann.hands("telegram").chat()).not.toContain("Code");
    expect(readLedger(world.installation()).filter(({ type }) => type === "transaction")).toHaveLength(1);
    expect(await world.coreOfBot()).toBe(other);
  },
);

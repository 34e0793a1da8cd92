// kill -9 of the core that has the bot's stream and the watchers', in the middle of a message: the others go on.
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { ConfirmationClass } from "@countersign/proto/node/core/v1/confirmation_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { tempFolder, testWith } from "@countersign/testing";
import { startTripwire, type Side, type Tripwire } from "../chat/tripwire.ts";
import { newPayment, newPaymentWithToken } from "../new-payment.ts";
import { CoresWorld } from "./cores-world.ts";
import { hasRedis } from "./redis.ts";
import { Watched } from "./watched.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
/** Shorter ones are refused. */
const SHORTEST = { seconds: 10n, nanos: 0 };
const CODE = Buffer.from("/editMessageText HTTP/1.1\r\n");
let world: CoresWorld;
let wire: Tripwire;
/** Where the bot is: what the others have to take over. */
let victim = 1;

const strung = async (port: number): Promise<number> => (wire = await startTripwire(port)).port;

beforeAll(async () => {
  if (!hasRedis) return;
  world = await CoresWorld.start({ folder, botTries: [1, 2, 0], between: strung });
}, 400_000);
afterEach(async () => {
  if (world !== undefined) await world.restart(victim);
});
afterAll(async () => {
  await world?.stop();
  await wire?.stop();
});

for (const side of ["before", "after"] as const satisfies readonly Side[]) {
  peerTest(
    `kill -9 ${side} the provider takes the code: one message, one code, no gap, and what is due expires`,
    async () => {
      victim = await world.coreOfBot();
      const others = [0, 1, 2].filter((core) => core !== victim);
      const [left = 0, right = 0] = others;
      const ann = await world.user(victim, right, left);
      const bob = await world.user(left);
      const short = await newPayment(world.parts(left), bob.desk.userId, { lifetime: SHORTEST });

      const dead = wire.arm({ pattern: CODE, side, nth: 1 }, () => void world.core(victim).process.kill("SIGKILL"));
      const { transaction, confirmationToken } = await newPaymentWithToken(world.parts(victim), ann.desk.userId);
      const watch = new Watched(world.addressesOf([victim]), confirmationToken);
      const { cursor, class: seen } = await watch.next();
      expect(seen).toBe(ConfirmationClass.WAITING);
      const waiting = { transaction, timeline: ann.follow(transaction.transactionId) };
      await dead;
      await expect(watch.next()).rejects.toThrow("UNAVAILABLE");
      expect(await world.end(victim, "SIGKILL")).toBe("SIGKILL");

      const resumed = new Watched(world.addressesOf([right]), confirmationToken, cursor);
      await waiting.timeline.until(DeliveryEventType.SENT);
      expect(others).toContain(await world.coreOfBot(others));
      expect(await ann.codesOn("telegram")).toHaveLength(1);
      expect(await ann.confirm(waiting, "telegram")).toBe(State.CONFIRMED);
      // What changed about it while it waited may be told as WAITING again; nothing is left out.
      let told = await resumed.next();
      while (told.class === ConfirmationClass.WAITING) told = await resumed.next();
      expect(told.class).toBe(ConfirmationClass.CONFIRMED);
      await bob.reaches({ transaction: short, timeline: bob.follow(short.transactionId) }, State.EXPIRED);

      await world.parts(left).transactions.cancel({ transactionId: transaction.transactionId, reason: "changed" });
      await waiting.timeline.ended;
      expect(await ann.codesOn("telegram")).toHaveLength(1);
      expect(await ann.hands("telegram").chat()).not.toContain("Code");
      for (const one of [watch, resumed]) one.close();
    },
  );
}

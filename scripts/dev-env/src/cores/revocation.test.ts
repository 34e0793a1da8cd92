// What is revoked on one core is revoked on all, also where a stream was open before.
import { afterAll, beforeAll, expect } from "@jest/globals";
import { ConfirmationClass } from "@countersign/proto/node/core/v1/confirmation_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { tempFolder, testWith } from "@countersign/testing";
import { newPaymentWithToken } from "../new-payment.ts";
import { reasonOf } from "../scenarios/error-info.ts";
import { CoresWorld } from "./cores-world.ts";
import { hasRedis } from "./redis.ts";
import { Watched } from "./watched.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let world: CoresWorld;

beforeAll(async () => {
  if (hasRedis) world = await CoresWorld.start({ folder });
}, 400_000);
afterAll(() => world?.stop());

peerTest(
  "a key revoked on one core: what it signed is refused by the others, and their open watches tell it",
  async () => {
    const ann = await world.user(0);
    const created = await newPaymentWithToken(world.parts(0), ann.desk.userId);
    const { transaction, confirmationToken } = created;
    const watches = [0, 1, 2].map((core) => new Watched(world.addressesOf([core]), confirmationToken));
    for (const watch of watches) {
      expect(await watch.next()).toMatchObject({ class: ConfirmationClass.WAITING, keyIds: transaction.keyIds });
    }
    const waiting = { transaction, timeline: ann.follow(transaction.transactionId) };
    const signing = ann.sign(waiting);
    await ann.hands("telegram").confirm();
    const signedStatement = await signing;

    await world.parts(0).keys.revoke({ keyId: transaction.keyIds[0] ?? "" });
    // The call was answered: from now on no core takes the statement.
    const { transactionId } = transaction;
    const refusals = await Promise.all(
      [1, 2].map((core) =>
        reasonOf(world.parts(core).verification.submitStatement({ transactionId, signedStatement })),
      ),
    );
    expect(refusals).toEqual(["STATE_CONFLICT", "STATE_CONFLICT"]);
    for (const watch of watches) {
      // The revocation itself and its consequence may be told as one.
      let told = await watch.next();
      expect(told.keyIds).toEqual([]);
      while (told.class === ConfirmationClass.WAITING) told = await watch.next();
      expect(told.class).toBe(ConfirmationClass.ENDED);
      watch.close();
    }
    await ann.reaches(waiting, State.CANCELLED);
  },
);

peerTest("a user frozen on one core: the others refuse what he signed before", async () => {
  const ann = await world.user(1);
  const waiting = await ann.pay();
  const signing = ann.sign(waiting);
  await ann.hands("telegram").confirm();
  const signedStatement = await signing;
  await world.parts(2).users.freeze({ userId: ann.desk.userId });
  const { transactionId } = waiting.transaction;
  const refusals = await Promise.all(
    [0, 1].map((core) => reasonOf(world.parts(core).verification.submitStatement({ transactionId, signedStatement }))),
  );
  expect(refusals).toEqual(["USER_BLOCKED", "USER_BLOCKED"]);
  expect(await reasonOf(ann.pay())).toBe("USER_BLOCKED");
  await ann.cancel(waiting);
});

import { expect, test } from "@jest/globals";
import { CoreWorld } from "../testing/core-world.ts";
import { submitStatement } from "./submit-statement.ts";

test("a right statement confirms its transaction", async () => {
  const world = await CoreWorld.open();
  const transaction = await world.pending();
  const { txId } = transaction;
  const answer = await submitStatement(world.given, { txId, tenantId: world.tenantId, signed: world.signed(transaction) });
  expect(answer).toMatchObject({ state: "CONFIRMED", triesLeft: 2 });
});

import { expect, test } from "@jest/globals";
import { deliverMessage } from "./deliver-message.ts";
import { aKey, aLink, aTransaction, aUser, NOW, txIdOf } from "./testing/entities.ts";
import { firstWish } from "./wish.ts";

test.each([
  ["threat 14: a linked chat", "blue teapot", aLink("chat")],
  ["threat 14: a chat that was gone for a while", "blue teapot", aLink("chat", { state: "DEAD" })],
  ["threat 07: a chat that merely claims a link", "", aLink("chat", { state: "CLAIMED" })],
  ["a chat that was removed since", "", undefined],
])("%s gets the phrase %j", (_who, phrase, link) => {
  const issue = { epoch: 1, n: 1 };
  const wanted = { phase: "full", issue } as const;
  const ids = { deliveryId: "d1", txId: txIdOf("tx1"), type: "prompt" } as const;
  const times = { notAfter: NOW + 120_000, fallbackAt: NOW + 20_000 };
  const delivery = firstWish(aLink("chat"), { ...ids, ...times, wanted }, NOW);
  const given = {
    delivery,
    link,
    user: aUser({ phrase: "blue teapot" }),
    transaction: aTransaction(),
    keys: [aKey("k")],
  };
  const message = deliverMessage({ ...given, handed: { wish: 1, phase: "full", issue, hand: 1 }, issuer: "Acme Bank" });
  expect(message.phrase).toBe(phrase);
});

import { expect, test } from "@jest/globals";
import type { Transaction } from "../transaction/transaction.ts";
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

test.each([
  ["APPROVED", true],
  ["PARTIAL", true],
  ["CONFIRMED", true],
  ["EXECUTING", false],
  ["EXECUTED", false],
  ["REJECTED", false],
] as const)("an approval that was given has buttons after %s: %s", (type, stops) => {
  const wanted = { phase: "outcome", notice: { type, at: NOW }, showsLines: false } as const;
  const ids = { deliveryId: "d1", txId: txIdOf("tx1"), type: "prompt" } as const;
  const delivery = firstWish(aLink("chat"), { ...ids, wanted, notAfter: NOW + 1000, fallbackAt: undefined }, NOW);
  const confirmation = { keyId: "k", signedStatement: new Uint8Array(1), at: NOW };
  const transaction: Transaction = { ...aTransaction(), state: "APPROVED", confirmation, at: NOW };
  const handed = { wish: 1, phase: "outcome", issue: undefined, hand: 1 } as const;
  const given = { delivery, link: aLink("chat"), user: aUser(), transaction, keys: [], handed, issuer: "Acme Bank" };
  expect(deliverMessage(given).actionRef !== "").toBe(stops);
});

import { describe, expect, test } from "@jest/globals";
import { Kind } from "@countersign/protocol";
import { aLink, aPolicy, NOW } from "../delivery/testing/entities.ts";
import type { Link } from "../identity/link.ts";
import { channelRefusal } from "./channel-refusal.ts";
import type { FrozenPolicy } from "./policy.ts";

function refusalFor(links: readonly Link[], policy: Partial<FrozenPolicy> = {}, kind: Kind = Kind.PAY) {
  return channelRefusal({ kind, links, now: NOW }, aPolicy(policy));
}
const telegram = aLink("telegram");
const sms = aLink("sms", { platform: "sms" });

describe("NO_CHANNEL says what is missing", () => {
  test.each([
    ["no channel at all", [], {}, "link", "has linked none"],
    ["one that is only claimed", [aLink("new", { state: "CLAIMED" })], {}, "link", "has linked none"],
    ["a dead one", [aLink("dead", { state: "DEAD" })], {}, "link", "can be reached"],
    ["a suspended one", [aLink("lost", { state: "SUSPENDED" })], {}, "link", "can be reached"],
    ["no allowed platform", [sms], { channels: ["telegram", "matrix"] }, "platform", "telegram, matrix"],
    ["too little assurance", [sms], { assurance: "medium" }, "assurance", "medium"],
    ["too little assurance for the highest", [telegram], { assurance: "high" }, "assurance", "matrix with encryption"],
    ["a pause", [aLink("paused", { unanswered: 10 })], {}, "reaction", "paused"],
  ] as const)("%s", (_name, links, policy, missing, words) => {
    expect(refusalFor(links, policy as Partial<FrozenPolicy>)).toMatchObject({
      refused: "NO_CHANNEL",
      message: expect.stringContaining(words),
      metadata: { missing },
    });
  });

  test("a hold, with the time that it takes", () => {
    const links = [aLink("one", { heldUntil: NOW + 7000 }), aLink("two", { heldUntil: NOW + 5000 })];
    expect(refusalFor(links, { highValue: true })).toMatchObject({ metadata: { missing: "hold" }, retryAfterMs: 5000 });
  });
});

test("one that fits is enough", () => {
  expect(refusalFor([sms, telegram], { assurance: "medium" })).toBeUndefined();
});

test("a LINK and a THAW ask for no assurance", () => {
  expect(refusalFor([], { assurance: "high" }, Kind.LINK)).toBeUndefined();
  expect(refusalFor([sms], { assurance: "high" }, Kind.THAW)).toBeUndefined();
  expect(refusalFor([aLink("lost", { state: "SUSPENDED" })], {}, Kind.THAW)).toMatchObject({ refused: "NO_CHANNEL" });
});

import { describe, expect, test } from "@jest/globals";
import type { Delivery } from "../delivery/delivery.ts";
import { aLink, NOW } from "../delivery/testing/entities.ts";
import type { LoadedEntity } from "../store/store.ts";
import { auditOfLoss, lossWrites } from "./channel-loss.ts";
import { linkKey } from "./entity-key.ts";
import type { Link } from "./link.ts";

function loaded(...links: Link[]): LoadedEntity<"link">[] {
  return links.map((body) => ({ key: linkKey(body.tenantId, body.linkId), version: "3", body }));
}
const other = aLink("other");
const quiet = [
  aLink("dead", { state: "DEAD" }),
  aLink("lost", { state: "SUSPENDED" }),
  aLink("new", { state: "CLAIMED" }),
];

describe("who may be lost", () => {
  test.each([
    ["LINKED", "DEAD", true],
    ["LINKED", "SUSPENDED", true],
    ["DEAD", "DEAD", false],
    ["DEAD", "SUSPENDED", true],
    ["SUSPENDED", "DEAD", false],
    ["SUSPENDED", "SUSPENDED", false],
    ["CLAIMED", "DEAD", false],
    ["CLAIMED", "SUSPENDED", false],
    ["UNLINKED", "SUSPENDED", false],
    ["FAILED", "DEAD", false],
  ] as const)("%s becomes %s: %s", (state, loss, changes) => {
    const link = aLink("one", { state });
    const writes = lossWrites(loaded(link, other), link.linkId, loss, NOW);
    expect(writes.length > 0).toBe(changes);
    expect(auditOfLoss(writes, link, loss, "bot:1")).toHaveLength(changes ? 1 : 0);
  });
});

test.each([
  ["DEAD", "CHANNEL_DEAD"],
  ["SUSPENDED", "CHANNEL_SUSPENDED"],
] as const)(
  "%s is told to every other linked channel and to no other, under the version that was loaded",
  (loss, type) => {
    const link = aLink("one", { platform: "matrix" });
    const [own, ...alerts] = lossWrites(loaded(...quiet, link, other), link.linkId, loss, NOW);
    expect(own).toMatchObject({ expected: "3", body: { linkId: link.linkId, state: loss } });
    expect(alerts.map(({ body }) => body as Delivery)).toMatchObject([
      { linkId: other.linkId, wanted: { phase: "alert", notice: { type, detail: "matrix" } } },
    ]);
  },
);

// Whoever blocks and unblocks a bot in a loop must not make it send an SMS each time: somebody pays for every one.
test("threat 25: a chat that dies again and again is told of once an hour, and is dead each time", () => {
  const HOUR = 3_600_000;
  let link = aLink("one");
  const alerts: number[] = [];
  for (let minute = 0; minute < 180; minute += 1) {
    const writes = lossWrites(loaded(link, other), link.linkId, "DEAD", NOW + minute * 60_000);
    expect(writes[0]?.body).toMatchObject({ state: "DEAD", diedAt: NOW + minute * 60_000 });
    if (writes.length > 1) alerts.push(minute * 60_000);
    link = { ...(writes[0]?.body as Link), state: "LINKED" };
  }
  expect(alerts).toEqual([0, HOUR, 2 * HOUR]);
  expect(lossWrites(loaded(link, other), link.linkId, "SUSPENDED", NOW + 3 * HOUR - 1)).toHaveLength(2);
});

test("a link that nobody loaded is left alone", () => {
  expect(lossWrites(loaded(other), aLink("one").linkId, "DEAD", NOW)).toEqual([]);
});

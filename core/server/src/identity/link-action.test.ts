import { describe, expect, test } from "@jest/globals";
import { aLink, aPolicy, aTransaction, aUser, NOW } from "../delivery/testing/entities.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import { linkKey, userKey } from "./entity-key.ts";
import { linkWrites, type LinkGiven } from "./link-action.ts";
import type { Link } from "./link.ts";
import type { User } from "./user.ts";

const old = aLink("old");
const dead = aLink("dead", { state: "DEAD" });
const claimed = aLink("new", { state: "CLAIMED", platform: "matrix" });

function given(...links: Link[]): LinkGiven {
  const own = links.filter(({ state }) => state !== "CLAIMED").map(({ linkId }) => linkId);
  const user = aUser({ linkIds: own });
  return {
    user: { key: userKey(user.tenantId, user.userId), version: "7", body: user },
    links: links.map((body): LoadedEntity<"link"> => ({
      key: linkKey(body.tenantId, body.linkId),
      version: "3",
      body,
    })),
  };
}

function written<T>(writes: readonly AnyWrite[], type: AnyWrite["key"]["type"]): T[] {
  return writes.filter(({ key }) => key.type === type).map(({ body }) => body as T);
}

describe("a confirmed LINK", () => {
  const transaction = aTransaction({ policy: aPolicy({ holdMs: 48 * 3_600_000 }) });
  const writes = linkWrites({ type: "link", linkId: claimed.linkId }, given(old, dead, claimed), transaction, NOW);

  test("check 19: makes the chat the last channel, on hold for as long as the policy says", () => {
    expect(written<Link>(writes, "link")).toMatchObject([
      { linkId: claimed.linkId, state: "LINKED", linkedAt: NOW, heldUntil: NOW + 48 * 3_600_000 },
    ]);
    expect(written<User>(writes, "user")[0]?.linkIds).toEqual([old.linkId, dead.linkId, claimed.linkId]);
  });

  test("check 19: tells every older channel that can be told, and not the new one", () => {
    expect(written<Delivery>(writes, "delivery")).toMatchObject([
      { linkId: old.linkId, wanted: { phase: "alert", notice: { type: "LINKED", detail: "matrix" } } },
    ]);
  });

  test("writes under the versions that were loaded", () => {
    expect(writes.map(({ expected }) => expected)).toEqual(["3", "7", ""]);
  });

  test.each(["WAITING", "LINKED", "FAILED", "UNLINKED", "DEAD", "SUSPENDED"] as const)(
    "does nothing to a link that is %s",
    (state) => {
      const moved = given(old, { ...claimed, state });
      expect(linkWrites({ type: "link", linkId: claimed.linkId }, moved, transaction, NOW)).toEqual([]);
    },
  );
});

describe("a confirmed LINK of a chat that was lost", () => {
  const back = aLink("back", { state: "CLAIMED" });
  const last = aLink("last");
  test.each(["SUSPENDED", "DEAD"] as const)(
    "check 20: takes the place of the %s one, which is his no more",
    (state) => {
      const lost = aLink("lost", { state, peerId: back.peerId });
      const writes = linkWrites(
        { type: "link", linkId: back.linkId },
        given(old, lost, last, back),
        aTransaction(),
        NOW,
      );
      expect(written<Link>(writes, "link")).toMatchObject([
        { linkId: back.linkId, state: "LINKED" },
        { linkId: lost.linkId, state: "UNLINKED" },
      ]);
      expect(written<User>(writes, "user")[0]?.linkIds).toEqual([old.linkId, back.linkId, last.linkId]);
      expect(written<Delivery>(writes, "delivery").map(({ linkId }) => linkId)).toEqual([old.linkId, last.linkId]);
    },
  );

  test.each([
    ["another chat", aLink("lost", { state: "SUSPENDED" })],
    ["another bot's chat", aLink("lost", { state: "SUSPENDED", peerId: back.peerId, botId: "0".repeat(32) })],
    ["a chat that is still linked", aLink("lost", { peerId: back.peerId })],
  ])("leaves %s alone", (_name, other) => {
    const writes = linkWrites({ type: "link", linkId: back.linkId }, given(other, back), aTransaction(), NOW);
    expect(written<Link>(writes, "link").map(({ linkId }) => linkId)).toEqual([back.linkId]);
    expect(written<User>(writes, "user")[0]?.linkIds).toEqual([other.linkId, back.linkId]);
  });
});

describe("a confirmed UNLINK", () => {
  test.each([old, dead, aLink("suspended", { state: "SUSPENDED" })])(
    "removes a channel that is $state and tells the others",
    (gone) => {
      const other = aLink("other");
      const writes = linkWrites({ type: "unlink", linkId: gone.linkId }, given(gone, other), aTransaction(), NOW);
      expect(written<Link>(writes, "link")).toMatchObject([{ linkId: gone.linkId, state: "UNLINKED" }]);
      expect(written<User>(writes, "user")[0]?.linkIds).toEqual([other.linkId]);
      expect(written<Delivery>(writes, "delivery")).toMatchObject([
        { linkId: other.linkId, wanted: { notice: { type: "UNLINKED", detail: "telegram" } } },
      ]);
    },
  );

  test("a channel is removed once", () => {
    const gone = { ...old, state: "UNLINKED" } as const;
    expect(linkWrites({ type: "unlink", linkId: old.linkId }, given(gone), aTransaction(), NOW)).toEqual([]);
  });
});

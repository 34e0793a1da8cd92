// Who asked for a change and who confirmed it are told how it ended: once each, whatever crashes when.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { changeKey } from "../identity/entity-key.ts";
import { ADMINISTRATION_SHARD, type HexId } from "../store/entity.ts";
import { ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { call } from "../testing/call.ts";
import { CHANGE_MS } from "./change.ts";
import { changeDue } from "./end-change.ts";

let world: ServedAdmins;
beforeEach(async () => {
  // Two have to confirm a change of level low, which is what the rows ask for.
  world = await ServedAdmins.open({ policy: { adminApprovals: { low: 2, medium: 2, high: 2 } } });
});
afterEach(() => world.close());

/** What the administrators' chats are to be told beside their prompts. */
async function told(): Promise<string[]> {
  const { given, botId } = world.admins.world;
  const found = await given.store.lane(botId, 1000);
  const bodies = await Promise.all(
    found.map(async ({ shard, key }) => {
      const name = { ...key, type: "delivery" } as const;
      return (await given.store.load(shard, name)).entities[0].body;
    }),
  );
  return bodies.flatMap((body) =>
    body?.type === "alert" && body.wanted.notice !== undefined
      ? [`${body.userId} ${body.wanted.notice.type} ${body.wanted.notice.detail}`]
      : [],
  );
}

async function due(): Promise<string[]> {
  const { store } = world.admins.world.given;
  return (await store.due(store.now(), 100)).flatMap(({ key }) => (key.type === "change" ? [key.id] : []));
}

async function asked(by: TestAdmin = world.anna): Promise<HexId> {
  const { botId } = world.admins.world;
  const { change } = await world.admins.request(world.client, by, { $case: "resumeBot", value: { botId } });
  return change?.changeId ?? "";
}

/** Asked for by anna, and confirmed by her. */
async function partial(): Promise<HexId> {
  const { botId } = world.admins.world;
  const request = await world.admins.request(world.client, world.anna, { $case: "resumeBot", value: { botId } });
  await world.admins.confirm(world.anna, request);
  return request.change?.changeId ?? "";
}

const named = (changeId: HexId): string => `Resume bot ${changeId.slice(0, 8).toUpperCase()}`;

test("carried out: the one who asked and the one who confirmed, once, and it is due no more", async () => {
  const changeId = await partial();
  expect(await told()).toEqual([]);
  await world.admins.confirm(world.bob, await world.admins.approve(world.client, world.bob, changeId));
  const both = [`anna CHANGE_APPLIED ${named(changeId)}`, `bob CHANGE_APPLIED ${named(changeId)}`];
  expect((await told()).toSorted()).toEqual(both);
  expect(await due()).toEqual([]);
  await world.admins.carryOut(changeId);
  expect(await told()).toHaveLength(2);
});

test("refused by another one: who asked and who confirmed", async () => {
  const changeId = await partial();
  await call(world.client, "rejectChange", { changeId, reason: "not now" }, world.bob.token);
  expect(await due()).toEqual([changeId]);
  await world.admins.carryOut(changeId);
  expect(await told()).toEqual([`anna CHANGE_REJECTED ${named(changeId)}`]);
  expect(await due()).toEqual([]);
});

test("nobody came within a week: the sweeper finds it by itself", async () => {
  const changeId = await asked();
  expect(await due()).toEqual([]);
  world.admins.world.clock.advance(CHANGE_MS);
  expect(await due()).toEqual([changeId]);
  await world.admins.carryOut(changeId);
  expect(await told()).toEqual([`anna CHANGE_EXPIRED ${named(changeId)}`]);
  expect(await due()).toEqual([]);
});

test("could not be done: what is not as it was is told as failed", async () => {
  const { token } = await world.admins.addAdmin("carl", "owner");
  const changeId = await partial();
  const approving = await world.admins.approve(world.client, world.bob, changeId);
  // Who confirmed it is no administrator any more when it is carried out.
  await call(world.client, "disableAdmin", { adminId: "anna" }, token);
  await world.admins.confirm(world.bob, approving);
  expect((await told()).filter((one) => one.includes("CHANGE_"))).toContain(`bob CHANGE_FAILED ${named(changeId)}`);
});

test("a crash between the telling and its note tells nobody twice", async () => {
  const changeId = await partial();
  await call(world.client, "rejectChange", { changeId, reason: "not now" }, world.bob.token);
  const { given } = world.admins.world;
  let commits = 0;
  const store = new Proxy(given.store, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== "function") return member;
      if (name !== "commit") return member.bind(target) as unknown;
      return (...args: unknown[]): unknown => {
        commits += 1;
        if (commits === 2) throw new Error("the core dies here");
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
  const found = { shard: ADMINISTRATION_SHARD, key: changeKey(changeId) };
  await expect(changeDue({ ...given, store }, found)).rejects.toThrow("dies here");
  expect([await told(), await due()]).toEqual([[`anna CHANGE_REJECTED ${named(changeId)}`], [changeId]]);
  await changeDue(given, found);
  expect([(await told()).length, await due()]).toEqual([1, []]);
});

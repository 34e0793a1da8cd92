// All cores are drained and started again, one after the other, while people pay with the real client.
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { pays } from "../crash/flow.ts";
import type { ClientEnd } from "../crash/client.ts";
import type { Desk } from "../desk.ts";
import { readLedger } from "../installation.ts";
import { CoresWorld } from "./cores-world.ts";
import { hasRedis } from "./redis.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const DESKS = 2;
const USERS_A_DESK = 2;
/** At most five prompts a minute reach a user; his LINK is one. */
const PAYMENTS_A_USER = 4;
let world: CoresWorld;
/** The users of each desk: they take turns at its key. */
let desks: Desk[][];

beforeAll(async () => {
  if (!hasRedis) return;
  world = await CoresWorld.start({ folder, bank: true });
  desks = [];
  for (let i = 0; i < DESKS; i += 1) {
    const desk = await world.newDesk();
    const users = [desk];
    while (users.length < USERS_A_DESK) users.push(await world.sitter(desk));
    desks.push(users);
  }
}, 400_000);
afterAll(() => world?.stop());

peerTest("a rolling restart: no payment fails, and each is booked once", async () => {
  let isOver = false;
  const paying = desks.map(async (users) => {
    const ended: ClientEnd[] = [];
    for (const user of users) {
      for (let i = 0; i < PAYMENTS_A_USER; i += 1) {
        const wasOver = isOver;
        ended.push(await pays(world.installation(), user));
        // The last one of each desk began when all cores had been exchanged.
        if (wasOver) return ended;
      }
    }
    return ended;
  });
  for (const core of [0, 1, 2]) {
    expect(await world.end(core, "SIGTERM")).toBe(0);
    await world.restart(core);
  }
  isOver = true;
  const ended = (await Promise.all(paying)).flat();
  expect(ended.filter(({ exitCode }) => exitCode !== 0).map(({ output }) => output)).toEqual([]);
  const paid = ended.map(
    ({ told }) => told.find(({ transactionId }) => transactionId !== undefined)?.["transactionId"],
  );
  const booked = readLedger(world.installation())
    .filter(({ type }) => type === "transaction")
    .map(({ transactionId }) => transactionId);
  expect(booked).toHaveLength(paid.length);
  expect(new Set(booked)).toEqual(new Set(paid));
});

// A little of it: nothing is lost and nothing is done twice. How fast, and in how much memory, the command tells.
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { soak } from "./soak.ts";

const folder = tempFolder();
/** Three for each user: his limit is five prompts a minute, and his LINK was one. */
const LIVES = 30;

test("whole transactions thirty times: every one ends as it should, and is executed once or not at all", async () => {
  const soaked = await soak(folder, { seconds: 600, lives: LIVES, rate: 20, users: 12 }, () => undefined);
  expect(soaked).toMatchObject({ lost: [], errors: [], executedTwice: 0 });
  expect([soaked.lives, soaked.executed]).toEqual([LIVES, (LIVES * 8) / 10]);
});

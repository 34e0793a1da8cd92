import { expect, test } from "@jest/globals";
import { adviceOn } from "./advice.ts";
import { DEFAULT_POLICY } from "./policy-document.ts";

const limit = [{ currency: "EUR", minorUnits: 20_000n }];

test.each([
  ["mode C without a limit", {}, ["modeCLimit"]],
  ["mode C with one", { modeCLimit: limit }, []],
  ["no mode C", { modes: ["A", "B"] as const }, []],
  ["mail without high value", { modeCLimit: limit, channels: ["mail"] as const }, ["highValue"]],
  ["mail with high value", { modeCLimit: limit, channels: ["mail", "sms"] as const, highValue: limit }, []],
])("%s", (_what, over, about) => {
  expect(adviceOn({ ...DEFAULT_POLICY, ...over }).map((text) => text.split(" ")[0])).toEqual(about);
});

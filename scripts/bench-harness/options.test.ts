import { expect, test } from "@jest/globals";
import { OptionError, readOptions } from "./options.ts";

test("without anything it is P1, with its defaults", () => {
  expect(readOptions([])).toMatchObject({ bench: "P1", json: false, transactions: 1000, repeats: 5, bot: true });
});

test("numbers and switches are taken over", () => {
  const args = ["P3", "--json", "--pin", "--no-bot", "--warm-up", "7", "--within", "30"];
  expect(readOptions(args)).toMatchObject({
    bench: "P3",
    json: true,
    pin: true,
    bot: false,
    warmUp: 7,
    withinMs: 30_000,
  });
});

test.each([
  [["P0"], "give one benchmark"],
  [["P2", "P3"], "give one benchmark"],
  [["--repeats", "26"], "--repeats: must be a whole number from 1 to 25"],
  [["--repeats", "0"], "--repeats: must be a whole number from 1 to 25"],
  [["--repeats", "1.5"], "--repeats: must be a whole number"],
  [["--repeat", "1"], "--repeat"],
])("%j is refused: %s", (args, why) => {
  expect(() => readOptions(args)).toThrow(OptionError);
  expect(() => readOptions(args)).toThrow(why);
});

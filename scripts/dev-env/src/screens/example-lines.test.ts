import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { readPaymentFile } from "@countersign/payment-file";
import { ROOT } from "@countersign/testing";

const SAMPLES = join(ROOT, "examples/bank/samples");

/** What the key's golden screens take for the lines of each example file. */
const DRAWN: unknown = JSON.parse(readFileSync(join(ROOT, "device-daemon/emulator/screens/bank.json"), "utf8"));

test("claim 07: the key's golden screens are those of the example files' lines, all of them", () => {
  const files = readdirSync(SAMPLES).filter((name) => name.endsWith(".xml"));
  const lines = files.map((name): [string, readonly (readonly [number, string])[]] => [
    name,
    readPaymentFile(readFileSync(join(SAMPLES, name))).lines.map(({ label, value }) => [label, value]),
  ]);
  expect(DRAWN).toEqual(Object.fromEntries(lines));
});

// The model of the gate and the idempotency key, searched whole by Spin: scripts/install-peers spin.
import { tempFolder, testWith } from "@countersign/testing";
import { expect } from "@jest/globals";
import { hasSpin, searchModel } from "./testing/search-model.ts";

const folder = tempFolder();
const peerTest = testWith("spin", hasSpin);

const RUNS = [
  { name: "with the gate and the key nothing goes wrong", leftOut: [], errors: 0, violated: undefined },
  { name: "without the key it executes twice", leftOut: ["NO_KEY"], errors: 1, violated: "(executions<=1)" },
  {
    name: "without the gate it executes after it expired",
    leftOut: ["NO_GATE"],
    errors: 1,
    violated: "!((expired&&(executions>0)))",
  },
] as const;

for (const { name, leftOut, errors, violated } of RUNS) {
  peerTest(`reliability 5: two confirmers, expiry, recovery, two crashes: ${name}`, () => {
    const said = searchModel(folder, "at-most-once.pml", leftOut);
    expect(said.errors).toBe(errors);
    expect(said.violated).toBe(violated);
    expect(said.isWhole).toBe(true);
    // Without a finding it was searched to its end, and not only begun.
    expect(said.states).toBeGreaterThan(violated === undefined ? 1000 : 0);
  });
}

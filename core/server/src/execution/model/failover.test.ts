// What a failover to a replica that was behind may do: it forgets a claim, and nothing is carried out twice.
import { tempFolder, testWith } from "@countersign/testing";
import { expect } from "@jest/globals";
import { hasSpin, searchModel } from "./testing/search-model.ts";

const folder = tempFolder();
const peerTest = testWith("spin", hasSpin);

const RUNS = [
  { name: "with the key, versions and epochs nothing goes wrong", defined: [], violated: undefined },
  { name: "without the key it executes twice", defined: ["NO_KEY"], violated: "(executions<=1)" },
  {
    name: "without the key, but with all replicas asked, nothing is forgotten",
    defined: ["NO_KEY", "ALL"],
    violated: undefined,
  },
  { name: "without epochs a report meets another's claim", defined: ["NO_EPOCH"], violated: "(master.holder==me)" },
  { name: "the key alone holds also when nobody waits", defined: ["NO_WAIT"], violated: undefined },
] as const;

for (const { name, defined, violated } of RUNS) {
  peerTest(`reliability 5: two cores, two replicas, a failover that forgets a claim: ${name}`, () => {
    const said = searchModel(folder, "failover.pml", defined);
    expect(said.errors).toBe(violated === undefined ? 0 : 1);
    expect(said.violated).toBe(violated);
    expect(said.isWhole).toBe(true);
    expect(said.states).toBeGreaterThan(violated === undefined ? 1000 : 0);
  });
}

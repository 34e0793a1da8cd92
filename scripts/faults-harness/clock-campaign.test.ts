// A slice of `scripts/faults clock`.
import { expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { clockCampaign, LIBFAKETIME } from "./clock-campaign.ts";

const folder = tempFolder();
/** Many processes, each of which takes its time on a busy machine. */
const PATIENCE_MS = 600_000;
const peerTest = testWith("faketime", LIBFAKETIME !== undefined);

peerTest(
  "a clock that jumps by a year: nothing is both expired and carried out, nothing is carried out after its end",
  async () => {
    const { faults, endings } = await clockCampaign(folder, 0);
    expect(faults).toEqual([]);
    expect(endings).toEqual({
      "pending +365d": OVER,
      "pending -365d": ONCE,
      "signed +365d": OVER,
      "signed -365d": ONCE,
      "confirmed +365d": OVER,
      "confirmed -365d": ONCE,
      "claimed +365d": OVER,
      "claimed -365d": ONCE,
      // It was carried out in time; the report that comes a year later counts.
      "begun +365d": ONCE,
      "begun -365d": ONCE,
    });
  },
  PATIENCE_MS,
);

const OVER = "EXPIRED, 0 times carried out";
const ONCE = "EXECUTED, 1 times carried out";

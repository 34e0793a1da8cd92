// A slice of `scripts/faults full`.
import { expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { fullDiskCampaign, mayMount } from "./full-disk-campaign.ts";

const folder = tempFolder();
/** Many processes, each of which takes its time on a busy machine. */
const PATIENCE_MS = 600_000;
const peerTest = testWith("unshare", mayMount);

peerTest(
  "a full disk: RESOURCE_EXHAUSTED, nothing half, and all goes on by itself once there is room",
  async () => {
    const { faults, whileFull, executed } = await fullDiskCampaign(folder, 1);
    expect(faults).toEqual([]);
    expect(whileFull["RESOURCE_EXHAUSTED STORE_FULL"]).toBeGreaterThan(0);
    expect(executed).toBe(3);
  },
  PATIENCE_MS,
);

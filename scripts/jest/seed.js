// Property tests draw the same cases in every run, so that a red line stays red until it is mended. COUNTERSIGN_SEED=N
// draws others; a failure prints its seed and path whatever was set.
import fc from "fast-check";

const seed = Number(process.env["COUNTERSIGN_SEED"] ?? 20071217);
if (!Number.isInteger(seed)) throw new Error("COUNTERSIGN_SEED: an integer, the seed of the property tests");
fc.configureGlobal({ seed });

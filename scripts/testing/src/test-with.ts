import { test } from "@jest/globals";

/**
 * `test` when the peer program or right is present; else a skip that names it. Under CI=true absence is a failure, so a
 * green CI run has met every peer.
 */
export function testWith(peer: string, present: boolean): typeof test | typeof test.skip {
  if (present) return test;
  if (process.env["CI"] === "true") throw new Error(`${peer} is absent. Fix: scripts/install-peers ${peer}`);
  console.warn(`skipped: ${peer} is absent`);
  return test.skip;
}

import { expect } from "@jest/globals";
import type { GuestRun } from "./guest-run.ts";

/** Every check passed, these and no others, in this order. A test that fails shows the whole console. */
export function expectPassed(run: GuestRun, names: readonly string[]): void {
  const { passed, failed, ended } = run;
  const isGood = ended && failed.length === 0 && passed.join() === names.join();
  expect({ ended, failed, passed, console: isGood ? "" : run.console }).toEqual({
    ...{ ended: true, failed: [], passed: names, console: "" },
  });
}

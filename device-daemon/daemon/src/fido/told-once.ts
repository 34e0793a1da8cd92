import type { WaitsFor } from "@countersign/key-protocol";
import type { Step } from "@countersign/proto/node/device/v1/device_service";
import { stepOf } from "../service/steps.ts";

/** Tells a step when it differs from the last one: what is one touch for the user may be two requests to the key. */
export function toldOnce(tell: (step: Step) => void): (waitsFor: WaitsFor) => void {
  let last: Step | undefined;
  return (waitsFor) => {
    const step = stepOf(waitsFor);
    if (step === last) return;
    last = step;
    tell(step);
  };
}

import { WaitsFor } from "@countersign/key-protocol";
import { Step } from "@countersign/proto/node/device/v1/device_service";

const STEPS: Record<WaitsFor, Step> = {
  [WaitsFor.PAGING]: Step.SHOWING,
  [WaitsFor.PIN]: Step.PIN,
  [WaitsFor.CODE]: Step.CODE,
  [WaitsFor.COMPUTING]: Step.COMPUTING,
  [WaitsFor.TOUCH]: Step.TOUCH,
};

/** The step that clients see for what a keepalive says. */
export function stepOf(waitsFor: WaitsFor): Step {
  return STEPS[waitsFor];
}

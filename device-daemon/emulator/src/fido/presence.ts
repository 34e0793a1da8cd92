import { CtapError, CtapStatus } from "@countersign/key-protocol";
import type { Flow } from "../prompt.ts";
import type { FidoDevice } from "./fido-device.ts";
import { fidoFingerPrompt, fidoPrompt, type FidoQuestion } from "./pages.ts";
import { FINGERS_PER_REQUEST } from "./uv-guard.ts";

/** Waits for the button, or any finger on the sensor. Throws CtapError OPERATION_DENIED when the person says no. */
export function* takePresence(question: FidoQuestion, rpId?: string): Flow<void> {
  for (;;) {
    const input = yield fidoPrompt(question, rpId);
    if (input.type === "finger") return;
    if (input.type !== "key") continue;
    if (input.key === "ok") return;
    if (input.key === "reject") throw new CtapError(CtapStatus.OPERATION_DENIED, "the person said no");
  }
}

/** Waits for the right finger; that is presence too. Throws CtapError UV_INVALID, UV_BLOCKED or OPERATION_DENIED. */
export function* takeFinger(device: FidoDevice, rpId?: string): Flow<void> {
  device.uv.checkOpen();
  for (let wrong = 0; wrong < FINGERS_PER_REQUEST;) {
    const input = yield fidoFingerPrompt(rpId, wrong === 0 ? "touch the sensor" : "not recognised");
    if (input.type === "finger") {
      if (device.uv.check(input)) return;
      wrong++;
      if (device.uv.retries === 0) break;
    } else if (input.type === "key" && input.key === "reject") {
      throw new CtapError(CtapStatus.OPERATION_DENIED, "the person said no");
    }
  }
  device.uv.checkOpen();
  throw new CtapError(CtapStatus.UV_INVALID, "the finger was not recognised");
}

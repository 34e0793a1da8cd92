import type { ResetRequest, ResetResponse } from "@countersign/proto/node/device/v1/device_service";
import { findKey } from "./find-key.ts";
import type { Given } from "./given.ts";
import type { Caller } from "./handlers.ts";
import { stepOf } from "./steps.ts";

/**
 * Reset: wipes the key, of either kind. The key itself takes it only within 10 s after plugging in and asks its user, so
 * that no program on the PC can wipe a key on its own. Sent once, never again.
 */
export async function reset(
  given: Given,
  request: ResetRequest,
  caller: Caller,
  send: (message: ResetResponse) => void,
): Promise<void> {
  const { signal } = caller;
  const attached = findKey(given.registry, request.deviceId);
  given.log.info({ deviceId: attached.deviceId }, "asked to reset");
  await attached.queue.run(signal, async () => {
    await attached.key.reset({
      signal,
      onStep: (step) => send({ event: { $case: "step", value: stepOf(step) } }),
    });
    // So that who lists keys after the end of this call sees the empty key.
    await given.registry.refresh(attached.deviceId);
  });
  send({ event: { $case: "done", value: true } });
}

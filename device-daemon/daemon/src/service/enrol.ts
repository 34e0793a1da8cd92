import { KeyAlgorithm, PinState } from "@countersign/key-protocol";
import type {
  EnrolRequest,
  EnrolResponse,
  SetPinRequest,
  SetPinResponse,
} from "@countersign/proto/node/device/v1/device_service";
import { Failure } from "./failure.ts";
import { findCountersignKey } from "./find-key.ts";
import type { Given } from "./given.ts";
import type { Caller } from "./handlers.ts";
import { bytesField, idField } from "./request-fields.ts";
import { stepOf } from "./steps.ts";

/** Enrol: a new credential, shown and confirmed on the key. */
export async function enrol(
  given: Given,
  request: EnrolRequest,
  caller: Caller,
  send: (message: EnrolResponse) => void,
): Promise<void> {
  const { signal } = caller;
  const wanted = {
    serverId: idField("server_id", request.serverId),
    serverName: nameField(request.serverName),
    algorithm: KeyAlgorithm.ES256,
    challenge: bytesField("challenge", request.challenge, 32),
    digits: request.digits,
  };
  const attached = findCountersignKey(given.registry, request.deviceId);
  const signed = await attached.queue.run(signal, () =>
    attached.key.enrol(wanted, { signal, onStep: (step) => send({ event: { $case: "step", value: stepOf(step) } }) }),
  );
  send({ event: { $case: "signedEnrolment", value: Buffer.from(signed) } });
}

/** SetPin: the first PIN, or a new one after the old. Both are typed on the key. */
export async function setPin(
  given: Given,
  request: SetPinRequest,
  caller: Caller,
  send: (message: SetPinResponse) => void,
): Promise<void> {
  const { signal } = caller;
  const attached = findCountersignKey(given.registry, request.deviceId);
  await attached.queue.run(signal, async () => {
    const info = await attached.key.info({ signal });
    await attached.key.setPin(info.pinState !== PinState.NONE, {
      signal,
      onStep: (step) => send({ event: { $case: "step", value: stepOf(step) } }),
    });
    // So that who lists keys after the end of this call sees the PIN.
    await given.registry.refresh(attached.deviceId);
  });
  send({ event: { $case: "done", value: true } });
}

function nameField(name: string): string {
  const columns = [...name].length;
  if (columns < 1 || columns > 20) {
    throw new Failure("BAD_REQUEST", "server_name must have 1 to 20 columns", { field: "server_name" });
  }
  return name;
}

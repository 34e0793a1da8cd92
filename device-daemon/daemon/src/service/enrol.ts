import { KeyAlgorithm, PinState } from "@countersign/key-protocol";
import type {
  EnrolRequest,
  EnrolResponse,
  SetPinRequest,
  SetPinResponse,
} from "@countersign/proto/node/device/v1/device_service";
import { enrolFido } from "../fido/enrol-fido.ts";
import { chooseKey } from "./choose-key.ts";
import { findKey } from "./find-key.ts";
import type { Watch } from "../hid/hid-channel.ts";
import type { Given } from "./given.ts";
import type { Caller } from "./handlers.ts";
import { bytesField, idField, nameField } from "./request-fields.ts";
import { stepOf } from "./steps.ts";

/** Enrol: a new credential, shown and confirmed on the key; a FIDO2 key's PIN is asked by the daemon. */
export async function enrol(
  given: Given,
  request: EnrolRequest,
  caller: Caller,
  send: (message: EnrolResponse) => void,
): Promise<void> {
  const { signal } = caller;
  const chosen = chooseKey(given.registry, request.deviceId, { countersign: true, fido2: request.fido !== undefined });
  if (chosen.kind === "fido2") return enrolFido(given, request, caller, chosen.keys, send);
  const wanted = {
    serverId: idField("server_id", request.serverId),
    serverName: nameField(request.serverName),
    algorithm: KeyAlgorithm.ES256,
    challenge: bytesField("challenge", request.challenge, 32),
    digits: request.digits,
  };
  const attached = chosen.key;
  const signed = await attached.queue.run(signal, () =>
    attached.key.enrol(wanted, { signal, onStep: (step) => send({ event: { $case: "step", value: stepOf(step) } }) }),
  );
  send({ event: { $case: "signedEnrolment", value: Buffer.from(signed) } });
}

/** SetPin: the first PIN, or a new one after the old; typed on the key, or for a FIDO2 key into the daemon's prompt. */
export async function setPin(
  given: Given,
  request: SetPinRequest,
  caller: Caller,
  send: (message: SetPinResponse) => void,
): Promise<void> {
  const { signal } = caller;
  const attached = findKey(given.registry, request.deviceId);
  const watch: Watch = { signal, onStep: (step) => send({ event: { $case: "step", value: stepOf(step) } }) };
  await attached.queue.run(signal, async () => {
    if (attached.kind === "fido2") {
      await attached.key.setPin(given.prompt, watch);
    } else {
      const info = await attached.key.info({ signal });
      await attached.key.setPin(info.pinState !== PinState.NONE, watch);
    }
    // So that who lists keys after the end of this call sees the PIN.
    await given.registry.refresh(attached.deviceId);
  });
  send({ event: { $case: "done", value: true } });
}

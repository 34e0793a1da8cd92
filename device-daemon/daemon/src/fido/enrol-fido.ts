import type { EnrolRequest, EnrolResponse } from "@countersign/proto/node/device/v1/device_service";
import { ClientDataType, nativeClientData, sha256 } from "@countersign/protocol";
import type { AttachedFido } from "../key/attached-key.ts";
import { aboutEnrolment } from "../prompt/prompt-text.ts";
import type { Given } from "../service/given.ts";
import type { Caller } from "../service/handlers.ts";
import { byTouch } from "./by-touch.ts";
import { readFidoEnrol } from "./read-fido-request.ts";
import { toldOnce } from "./told-once.ts";

/** Enrol a FIDO2 key: PIN or finger, then a touch. A key without PIN is refused with what to do. */
export async function enrolFido(
  given: Given,
  request: EnrolRequest,
  caller: Caller,
  keys: readonly [AttachedFido, ...AttachedFido[]],
  send: (message: EnrolResponse) => void,
): Promise<void> {
  const asked = readFidoEnrol(request);
  const clientDataJson = nativeClientData(ClientDataType.CREATE, asked.challenge);
  const watch = {
    signal: caller.signal,
    onStep: toldOnce((value) => send({ event: { $case: "step", value } })),
  };
  const { rpId, serverName, userHandle, userName, exclude } = asked;
  const wanted = {
    ...{ rpId, rpName: serverName, userHandle, userName, exclude },
    clientDataHash: sha256(clientDataJson),
    about: aboutEnrolment(serverName),
  };
  const made = await byTouch(keys, watch, ({ key }) => key.makeCredential(wanted, given.prompt, watch));
  const value = {
    credentialId: Buffer.from(made.credentialId),
    clientDataJson: Buffer.from(clientDataJson),
    attestationObject: Buffer.from(made.attestationObject),
    transports: [...made.transports],
  };
  send({ event: { $case: "fido", value } });
}

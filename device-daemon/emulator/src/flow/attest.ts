import { deviceChallengeFor, encodeAttestation, SignatureType, signMessage } from "@countersign/protocol";
import { type Device, FIRMWARE } from "../device.ts";
import { signEs256 } from "../storage/signing-key.ts";

/** The COSE_Sign1 in which the device's own key says what device this is. It signs nothing else. */
export function attest(device: Device, serverId: Uint8Array, challenge: Uint8Array): Uint8Array {
  const { attestation } = device.vault.state;
  const { model, serial } = device.profile;
  const payload = encodeAttestation({ serverId, challenge, model, serial, firmware: FIRMWARE });
  return signMessage(SignatureType.ATTESTATION, attestation.keyId, payload, (bytes) =>
    signEs256(attestation.privateKey, bytes),
  );
}

/** The same without a credential. The host chose the challenge, so it is hashed under a name of its own first. */
export function attestForHost(
  device: Device,
  { serverId, challenge }: { readonly serverId: Uint8Array; readonly challenge: Uint8Array },
): Uint8Array {
  return attest(device, serverId, deviceChallengeFor(challenge));
}

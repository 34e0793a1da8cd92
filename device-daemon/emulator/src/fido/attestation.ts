import { createPrivateKey, sign } from "node:crypto";
import { type CtapMap, type CtapValue, ES256 } from "@countersign/key-protocol";
import type { FidoDevice } from "./fido-device.ts";
import { type FidoKeyPair, signDer } from "./fido-key.ts";
import { FORMATS } from "./info.ts";

/**
 * The attestation of a new credential: packed under the device's certificate, or under the credential's own key on a
 * device without one, or none when the host prefers that.
 */
export function attestationOf(
  device: FidoDevice,
  pair: FidoKeyPair,
  authData: Uint8Array,
  clientDataHash: Uint8Array,
  preferred: readonly string[],
): { readonly format: string; readonly statement: CtapMap } {
  const format = preferred.find((each) => FORMATS.some((known) => known === each)) ?? FORMATS[0];
  if (format === "none") return { format, statement: new Map() };
  if (device.profile.selfAttestation === true) {
    return { format, statement: packed(signDer(pair.privateKey, authData, clientDataHash)) };
  }
  const { privateKey, certificate } = device.vault.state.attestation;
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: "der", type: "pkcs8" });
  const signature = sign("sha256", Buffer.concat([authData, clientDataHash]), key);
  return { format, statement: packed(new Uint8Array(signature), [certificate]) };
}

function packed(signature: Uint8Array, certificates?: readonly Uint8Array[]): CtapMap {
  const statement = new Map<string, CtapValue>([
    ["alg", ES256],
    ["sig", signature],
  ]);
  if (certificates !== undefined) statement.set("x5c", certificates);
  return statement;
}

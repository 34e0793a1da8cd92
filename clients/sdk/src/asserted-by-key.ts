import { encodeAssertion, fromHex, ProtocolError } from "@countersign/protocol";
import type { Assertion as WireAssertion } from "@countersign/proto/web/device/v1/device_service";
import { KeyError, type AssertedByKey } from "./key-place.ts";

/** Through daemon or browser, which may be malware: what is no assertion is no answer of a key. */
export function assertedByKey(assertion: WireAssertion): AssertedByKey {
  const { keyId, statement, authenticatorData, clientDataJson, signature } = assertion;
  try {
    const signedAssertion = encodeAssertion({
      keyId: fromHex(keyId),
      statement: Uint8Array.from(statement),
      authenticatorData: Uint8Array.from(authenticatorData),
      clientDataJson: Uint8Array.from(clientDataJson),
      signature: Uint8Array.from(signature),
    });
    return { assertion, signedAssertion, rejected: false };
  } catch (error) {
    if (error instanceof ProtocolError) throw new KeyError("KEY_LEFT", `what came is no assertion: ${error.message}`);
    throw error;
  }
}

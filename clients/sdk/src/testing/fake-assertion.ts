import {
  codeProofOf,
  decodeFidoStatement,
  encodeAssertion,
  equalBytes,
  faultOfAssertion,
  fromHex,
  importPublicKey,
  readAssertion,
  toHex,
  txDigestOf,
} from "@countersign/protocol";
import { FidoRequest } from "@countersign/proto/node/core/v1/content";
import type { VerificationServiceSubmitAssertionRequest } from "@countersign/proto/node/core/v1/verification_service";
import { TestFidoKey, type TestKey } from "./test-key.ts";

/** What a core tells of the user's FIDO2 key. */
export function fidoRequestOf(key: TestKey | undefined): FidoRequest | undefined {
  if (!(key instanceof TestFidoKey)) return undefined;
  const keys = [{ keyId: toHex(key.keyId), credentialId: Buffer.from(key.credentialId), transports: ["usb"] }];
  return FidoRequest.create({ rpId: key.rpId, keys });
}

/** As a core judges it: the credential's signature over the hash of the submitted statement. The signed bytes, or why not. */
export function judgeAssertion(
  request: VerificationServiceSubmitAssertionRequest,
  key: TestKey | undefined,
  content: Uint8Array,
  code: string,
): Uint8Array | "BAD_SIGNATURE" | "WRONG_CODE" {
  const assertion = {
    keyId: fromHex(request.keyId),
    statement: Uint8Array.from(request.statement),
    authenticatorData: Uint8Array.from(request.authenticatorData),
    clientDataJson: Uint8Array.from(request.clientDataJson),
    signature: Uint8Array.from(request.signature),
  };
  if (!(key instanceof TestFidoKey) || !equalBytes(assertion.keyId, key.keyId)) return "BAD_SIGNATURE";
  const fault = faultOfAssertion(readAssertion(assertion), importPublicKey(key.coseKey), key.rpId);
  if (fault !== undefined) return "BAD_SIGNATURE";
  const { codeProof, nonce } = decodeFidoStatement(assertion.statement);
  const isRight = codeProof !== undefined && equalBytes(codeProof, codeProofOf(nonce, txDigestOf(content), code));
  return isRight ? encodeAssertion(assertion) : "WRONG_CODE";
}

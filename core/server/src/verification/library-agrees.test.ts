// The rows judge assertions by core/protocol (docs/decisions/0016); @simplewebauthn/server judges the same ones here.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { decodeAssertion, fidoChallengeOf, fromHex, readAssertion, toBase64url } from "@countersign/protocol";
import { verifyAuthenticationResponse } from "@simplewebauthn/server";

interface Vector {
  readonly name: string;
  readonly rpId: string;
  readonly publicKey: string;
  readonly message: string;
  readonly because: string;
}

const path = join(import.meta.dirname, "../../../protocol/vectors/assertion.json");
const { accept, reject }: { accept: Vector[]; reject: Vector[] } = JSON.parse(readFileSync(path, "utf8"));

/** Whether the library takes it; user verification is a row of its own, and not asked for. */
async function libraryTakes({ rpId, publicKey, message }: Vector): Promise<boolean> {
  const assertion = decodeAssertion(fromHex(message));
  const id = toBase64url(assertion.keyId);
  const response = {
    clientDataJSON: toBase64url(assertion.clientDataJson),
    authenticatorData: toBase64url(assertion.authenticatorData),
    signature: toBase64url(assertion.signature),
  };
  try {
    const { verified } = await verifyAuthenticationResponse({
      response: { id, rawId: id, type: "public-key", clientExtensionResults: {}, response },
      expectedChallenge: toBase64url(fidoChallengeOf(assertion.statement)),
      expectedOrigin: ["countersign:native", "https://bank.example"],
      expectedRPID: rpId,
      credential: { id, publicKey: Uint8Array.from(fromHex(publicKey)), counter: 0 },
      requireUserVerification: false,
    });
    return verified;
  } catch {
    return false;
  }
}

describe("an independent verifier agrees", () => {
  test.each(accept)("takes $name", async (vector) => {
    expect(await libraryTakes(vector)).toBe(true);
    expect(() => readAssertion(decodeAssertion(fromHex(vector.message)))).not.toThrow();
  });

  /** What it does not look at: frames, the statement, what stands in the flags of an assertion, how JSON is spelled. */
  const MORE = ["cross-origin", "bad-field", "not-canonical", "bad-version"];
  /** It reads DER loosely; we take the one spelling that a signature has. */
  const LOOSE = ["a signature with a byte after it", "a length in long form"];
  const refused = reject.filter(({ name, because }) => !MORE.includes(because) && !LOOSE.includes(name));

  test.each(refused)("refuses $name", async (vector) => {
    expect(await libraryTakes(vector)).toBe(false);
  });
});

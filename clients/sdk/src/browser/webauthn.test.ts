import {
  codeProofOf,
  decodeFidoStatement,
  encodeContent,
  fidoChallengeOf,
  Kind,
  Label,
  txDigestOf,
} from "@countersign/protocol";
import { expect, test } from "@jest/globals";
import { assertFor, type AskedAssertion, type CredentialPlace, registerKey } from "./webauthn.ts";

const CREDENTIAL = new Uint8Array([6, 6, 6]);
const ASKED: AskedAssertion = {
  ...{ serverId: "22".repeat(16), transactionId: "11".repeat(16), nonce: new Uint8Array(32).fill(3) },
  content: encodeContent({
    kind: Kind.LOGIN,
    version: 1,
    issuer: "Example admin",
    lines: [{ label: Label.TARGET, value: "Console" }],
  }),
  ...{ rpId: "localhost", credentials: [{ keyId: "33".repeat(16), credentialId: CREDENTIAL }], timeoutMs: 9_000 },
};
const buffer = (...bytes: number[]): ArrayBuffer => new Uint8Array(bytes).buffer;
const { signal } = new AbortController();

/** A browser that answers this, and notes what it was asked. */
function browser(answer: unknown): {
  readonly place: CredentialPlace;
  readonly asked: { publicKey: Record<string, unknown> }[];
} {
  const asked: { publicKey: Record<string, unknown> }[] = [];
  const tell = async (options: object): Promise<unknown> => {
    asked.push(options as { publicKey: Record<string, unknown> });
    return answer;
  };
  return { place: { get: tell, create: tell }, asked };
}

const assertion = (id: Uint8Array) => ({
  rawId: id.slice().buffer,
  response: { authenticatorData: buffer(1), clientDataJSON: buffer(2), signature: buffer(3) },
});

test("the challenge is the statement's that the typed code makes; the code itself goes nowhere", async () => {
  const { place, asked } = browser(assertion(CREDENTIAL));
  const made = await assertFor(ASKED, "482915", { place, signal });
  const { keyId, statement, authenticatorData, signature } = made;
  expect([keyId, [...authenticatorData], [...signature]]).toEqual(["33".repeat(16), [1], [3]]);
  const txDigest = txDigestOf(ASKED.content);
  expect(decodeFidoStatement(statement).codeProof).toEqual(codeProofOf(ASKED.nonce, txDigest, "482915"));
  const publicKey = asked[0]?.publicKey;
  expect(publicKey).toMatchObject({ rpId: "localhost", userVerification: "required" });
  expect(publicKey?.["challenge"]).toEqual(fidoChallengeOf(statement));
  expect(JSON.stringify([asked, made])).not.toContain("482915");
});

test("an answer of a key that was not asked for, of no key, or without its bytes is refused", async () => {
  const answers = [assertion(new Uint8Array([9])), null, { rawId: CREDENTIAL.buffer, response: {} }, { rawId: "x" }];
  for (const answer of answers) {
    const { place } = browser(answer);
    await expect(assertFor(ASKED, "482915", { place, signal })).rejects.toThrow(/browser/);
  }
});

test("a registration asks for what the core asks, and brings back all that it wants", async () => {
  const response = { clientDataJSON: buffer(1), attestationObject: buffer(2), getTransports: () => ["usb"] };
  const { place, asked } = browser({ rawId: CREDENTIAL.slice().buffer, response });
  const request = {
    ...{ rpId: "localhost", userHandle: new Uint8Array(32), userName: "anna", platformAllowed: false },
    ...{ attestationWanted: true, exclude: [{ credentialId: new Uint8Array([7]), transports: ["usb"] }] },
  };
  const made = await registerKey(request, { challenge: new Uint8Array(32), serverName: "Example" }, { place, signal });
  expect(made).toEqual({
    ...{ credentialId: CREDENTIAL, transports: ["usb"] },
    ...{ clientDataJson: new Uint8Array([1]), attestationObject: new Uint8Array([2]) },
  });
  expect(asked[0]?.publicKey).toMatchObject({
    attestation: "direct",
    authenticatorSelection: { authenticatorAttachment: "cross-platform", userVerification: "required" },
    pubKeyCredParams: [{ type: "public-key", alg: -7 }],
    excludeCredentials: [{ id: new Uint8Array([7]) }],
  });
});

async function no(): Promise<never> {
  throw new DOMException("no", "NotAllowedError");
}

test("a browser that gives nothing says no as a key does", async () => {
  const at = { place: { get: no, create: no }, signal };
  const request = { rpId: "localhost", userHandle: new Uint8Array(32), userName: "anna", platformAllowed: false };
  const of = { challenge: new Uint8Array(32), serverName: "Example" };
  const refused = { name: "KeyError", reason: "KEY_REFUSED", status: "USER_DENIED" };
  await expect(registerKey({ ...request, attestationWanted: false, exclude: [] }, of, at)).rejects.toMatchObject(
    refused,
  );
  await expect(assertFor(ASKED, "482915", at)).rejects.toMatchObject(refused);
});

// Attestations of phones and PCs, made by somebody who has no such phone.
import { createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sha256 } from "@countersign/protocol";
import { parsePolicy } from "../policy/policy-document.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { androidKey, appleNonce, crlAt, makeCertificate } from "../testing/make-certificate.ts";
import { TestFidoKey } from "../testing/test-fido-key.ts";
import { registrationOf, type RegisterChange } from "../testing/test-registration.ts";
import { readRegistration } from "./read-registration.ts";

const RP_ID = "bank.example";
const AAGUID = "11112222-3333-4444-5555-666677778888";
const challenge = new Uint8Array(randomBytes(32));
const key = new TestFidoKey(RP_ID, new Uint8Array(Buffer.from(AAGUID.replaceAll("-", ""), "hex")));
const publicKey = createPublicKey(key.privateKey.export({ type: "pkcs8", format: "pem" }));
const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
const root = makeCertificate({
  ...{ subject: "Root", issuer: "Root", publicKey: authority.publicKey, signer: authority.privateKey },
  authority: true,
});
const pem = new X509Certificate(root).toString();

let asked = 0;
let inside: Server;
beforeAll(async () => {
  inside = createServer((_request, response) => {
    asked += 1;
    response.end();
  });
  await new Promise<void>((resolve) => inside.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  inside.close();
});

async function answer(change: RegisterChange, policy: object = {}): Promise<string> {
  const webauthn = { rpId: RP_ID, passkeys: "allowed" };
  const document = parsePolicy({ webauthn, ...policy });
  const found = await readRegistration(registrationOf(key, challenge, change), {
    ...{ challenge, rpId: RP_ID, policy: document, now: Date.parse("2026-11-22T14:30:00Z") },
  });
  return isRefusal(found) ? found.refused : found.attested === true ? "attested" : "taken";
}

/** By the root, for the very key that it attests, and for what is signed. */
function certificates(signed: Uint8Array): Uint8Array[] {
  const { port } = inside.address() as AddressInfo;
  const extensions = [
    androidKey(signed.slice(-32)),
    appleNonce(sha256(signed)),
    crlAt(`http://127.0.0.1:${port}/admin?delete=all`),
  ];
  const leaf = makeCertificate({ subject: "Key", issuer: "Root", publicKey, signer: authority.privateKey, extensions });
  return [leaf, root];
}

test.each(["apple", "android-key", "tpm", "packed", "fido-u2f"])(
  "threat 22: no certificate of a registration in format %s makes the core ask an address",
  async (format) => {
    const attestation = { format, key: key.privateKey, x5c: certificates };
    await answer({ attestation });
    await answer({ attestation }, { fidoRoots: [{ certificate: pem }] });
    await answer({ attestation }, { fidoRoots: [{ certificate: pem, aaguid: AAGUID }], fidoModels: [AAGUID] });
    expect(asked).toBe(0);
  },
);

test("threat 06: attestations of Android's keystore, whose path the library checks by asking addresses, are not taken", async () => {
  const attestation = { format: "android-key", key: key.privateKey, x5c: certificates };
  expect(await answer({ attestation })).toBe("ATTESTATION_UNTRUSTED");
});

test("threat 06: a phone or PC names its model itself, so only a root for this model vouches for it", async () => {
  const attestation = { format: "apple", key: key.privateKey, x5c: certificates };
  const listed = { fidoModels: [AAGUID] };
  expect(await answer({ attestation }, { fidoRoots: [{ certificate: pem }] })).toBe("taken");
  expect(await answer({ attestation }, { ...listed, fidoRoots: [{ certificate: pem }] })).toBe("ATTESTATION_UNTRUSTED");
  expect(await answer({ attestation }, { ...listed, fidoRoots: [{ certificate: pem, aaguid: AAGUID }] })).toBe(
    "attested",
  );
});

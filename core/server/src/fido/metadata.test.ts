import { createPrivateKey, sign, X509Certificate } from "node:crypto";
import { SettingsService } from "@simplewebauthn/server";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parsePolicy } from "../policy/policy-document.ts";
import { CERTIFICATES, LEAF_AAGUID, LEAF_KEY, ROOTS } from "../testing/attestation-certificates.ts";
import { addFidoRoots, readFidoMetadata } from "./metadata.ts";

const base64 = (der: Uint8Array): string => Buffer.from(der).toString("base64");
const statement = {
  aaguid: LEAF_AAGUID,
  description: "Test Key 5",
  attestationRootCertificates: [base64(CERTIFICATES.root)],
};
const policy = parsePolicy({ fidoModels: [LEAF_AAGUID] });
const former = SettingsService.getRootCertificates({ identifier: "mds" });

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A list as the FIDO Alliance signs it, by a leaf below a root of ours. */
function blob(entries: readonly object[], { key = LEAF_KEY, x5c = [CERTIFICATES.leaf] } = {}): string {
  const header = encode({ alg: "ES256", typ: "JWT", x5c: x5c.map(base64) });
  const signed = `${header}.${encode({ legalHeader: "", no: 1, nextUpdate: "2027-01-01", entries })}`;
  const signature = sign("sha256", Buffer.from(signed), {
    key: createPrivateKey(key.export({ format: "pem", type: "pkcs8" })),
    dsaEncoding: "ieee-p1363",
  });
  return `${signed}.${signature.toString("base64url")}`;
}

const entry = (statusReports: readonly object[]): object => ({
  ...{ aaguid: LEAF_AAGUID, metadataStatement: statement, statusReports, timeOfLastStatusChange: "2026-01-01" },
});

beforeAll(() => SettingsService.setRootCertificates({ identifier: "mds", certificates: [ROOTS.test] }));
afterAll(() => SettingsService.setRootCertificates({ identifier: "mds", certificates: former }));

describe("who vouches, out of a file", () => {
  test.each([
    ["one statement", JSON.stringify(statement)],
    ["several", JSON.stringify([{ ...statement, aaguid: "9".repeat(8) + LEAF_AAGUID.slice(8) }, statement])],
    ["the signed list", blob([entry([{ status: "FIDO_CERTIFIED_L1" }]), { statusReports: [], aaid: "u2f" }])],
  ])("%s", async (_name, text) => {
    const { fidoRoots = [] } = addFidoRoots(policy, await readFidoMetadata(text));
    expect(fidoRoots).toMatchObject([{ aaguid: LEAF_AAGUID, model: "Test Key 5" }]);
    expect(new X509Certificate(fidoRoots[0]?.certificate ?? "").raw.equals(CERTIFICATES.root)).toBe(true);
  });

  test.each(["", "two  spaces", "Schl\u00fcssel", "turned\u202e", "long".repeat(17)])(
    "a name like %j is not shown",
    async (name) => {
      const [found] = await readFidoMetadata(JSON.stringify({ ...statement, description: name }));
      expect(found?.model).toBe("FIDO2 key");
    },
  );
});

describe("threat 06: what is not believed", () => {
  test.each([
    ["a list whose signature does not hold", blob([entry([])]).replace(/.{6}$/, "AAAAAA"), "signature"],
    ["a list under another root", blob([entry([])], { key: LEAF_KEY, x5c: [CERTIFICATES.forgedLeaf] }), "path"],
    ["a file that is neither", "metadata", "JSON"],
    [
      "a statement without roots",
      JSON.stringify({ aaguid: LEAF_AAGUID, description: "x" }),
      "attestationRootCertificates",
    ],
  ])("threat 06: %s", async (_name, text, why) => {
    await expect(readFidoMetadata(text)).rejects.toThrow(why);
  });

  test.each(["REVOKED", "ATTESTATION_KEY_COMPROMISE", "USER_VERIFICATION_BYPASS"])(
    "threat 06: a model that the list reports as %s",
    async (status) => {
      const metadata = await readFidoMetadata(blob([entry([{ status }])]));
      expect(() => addFidoRoots(policy, metadata)).toThrow(status);
    },
  );

  test("threat 06: a model that the file does not describe; a policy that names none", async () => {
    const metadata = await readFidoMetadata(
      JSON.stringify({ ...statement, aaguid: "9".repeat(8) + LEAF_AAGUID.slice(8) }),
    );
    expect(() => addFidoRoots(policy, metadata)).toThrow(`it does not describe the model ${LEAF_AAGUID}`);
    expect(() => addFidoRoots(parsePolicy({}), metadata)).toThrow("names no model");
  });
});

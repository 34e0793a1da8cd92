import { describe, expect, test } from "@jest/globals";
import { LEAF_AAGUID, ROOTS } from "../testing/attestation-certificates.ts";
import { parsePolicy } from "./policy-document.ts";

const fidoRoots = [{ certificate: ROOTS.test, aaguid: LEAF_AAGUID, model: "Test Key 5" }];

test("left out: no web pages, no passkeys, any FIDO2 key, no finger", () => {
  expect(parsePolicy({})).toMatchObject({
    webauthn: { origins: [], passkeys: "refused" },
    fidoModels: [],
    fidoRoots: [],
    biometricModels: [],
  });
  expect(parsePolicy({}).webauthn?.rpId).toBeUndefined();
});

test("pages, models and who vouches for them are read", () => {
  const webauthn = {
    rpId: "bank.example",
    origins: ["https://bank.example", "https://pay.bank.example:8443"],
    passkeys: "allowed",
  };
  const biometric = { userVerification: "biometric", biometricModels: [LEAF_AAGUID, "acme-1"] };
  const policy = parsePolicy({ webauthn, fidoModels: [LEAF_AAGUID], fidoRoots, ...biometric });
  expect(policy).toMatchObject({ webauthn, fidoModels: [LEAF_AAGUID], fidoRoots, ...biometric });
  expect(
    parsePolicy({ webauthn: { rpId: "localhost", origins: ["http://localhost:8080"] } }).webauthn?.origins,
  ).toEqual(["http://localhost:8080"]);
});

describe("refused documents name the member", () => {
  const within = "webauthn.origins: must all be pages of rpId";
  const origin = "webauthn.origins.0: must be an origin";
  test.each([
    [{ webauthn: { rp: "bank.example" } }, "webauthn.rp: no such member"],
    [{ webauthn: { rpId: "Bank.example" } }, "webauthn.rpId: must be a domain"],
    [{ webauthn: { rpId: "https://bank.example" } }, "webauthn.rpId: must be a domain"],
    [{ webauthn: { rpId: "127.0.0.1" } }, "webauthn.rpId: must be a domain, not an address"],
    [{ webauthn: { origins: ["https://bank.example"] } }, within],
    [{ webauthn: { rpId: "bank.example", origins: ["https://evil.example"] } }, within],
    [{ webauthn: { rpId: "bank.example", origins: ["https://evilbank.example"] } }, within],
    [{ webauthn: { rpId: "bank.example", origins: ["https://bank.example.evil.example"] } }, within],
    [{ webauthn: { rpId: "bank.example", origins: ["http://bank.example"] } }, origin],
    [{ webauthn: { rpId: "bank.example", origins: ["https://bank.example/"] } }, origin],
    [{ webauthn: { rpId: "bank.example", origins: ["https://BANK.example"] } }, origin],
    [{ webauthn: { rpId: "bank.example", origins: ["null"] } }, origin],
    [{ webauthn: { rpId: "bank.example", origins: ["https://*.bank.example"] } }, origin],
    [{ webauthn: { passkeys: "maybe" } }, "webauthn.passkeys: must be refused or allowed"],
    [{ fidoModels: ["any"] }, "fidoModels.0: must be an AAGUID"],
    [{ fidoModels: [LEAF_AAGUID.replaceAll("-", "")], fidoRoots }, "fidoModels.0: must be an AAGUID"],
    [{ fidoModels: ["00000000-0000-0000-0000-000000000000"] }, "fidoModels.0: must not be zeros"],
    [{ fidoRoots: [{ certificate: "PEM" }] }, "fidoRoots.0.certificate: must be one X.509 certificate"],
    [{ fidoRoots: [{ certificate: ROOTS.test + ROOTS.other }] }, "fidoRoots.0.certificate: must be one X.509"],
    [{ fidoRoots: [{ certificate: ROOTS.test, key: 1 }] }, "fidoRoots.0.key: no such member"],
    [{ fidoRoots: [{ certificate: ROOTS.test, model: "Test  Key" }] }, "fidoRoots.0.model: must be 1 to 64"],
    [{ fidoRoots: [{ certificate: ROOTS.test, model: "Test Key " }] }, "fidoRoots.0.model: must be 1 to 64"],
    [{ userVerification: "biometric" }, "biometricModels: must name the models"],
    [{ refusedFidoModels: [LEAF_AAGUID] }, "refusedFidoModels: no such member"],
  ])("%j", (json, why) => {
    expect(() => parsePolicy(json)).toThrow(why);
  });
});

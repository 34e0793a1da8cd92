import { describe, expect, test } from "@jest/globals";
import { decodeSigned, Status, Subcommand } from "@countersign/key-protocol";
import {
  attestationChallengeFor,
  decodeAttestation,
  decodeEnrolment,
  deviceChallengeFor,
  digitsProofOf,
  fingerprintOf,
  importPublicKey,
  parseSigned,
  SignatureType,
  type SignedMessage,
  verifySigned,
} from "@countersign/protocol";
import { newKeyPair, publicKeyOf } from "../storage/signing-key.ts";
import { Bench, enrolKey, enrolRequest, PIN, presentRequest, readyBench, SERVER_ID, setPin } from "../testing/bench.ts";

function signedBy(bench: Bench): SignedMessage {
  const answer = bench.answer();
  if (!("body" in answer)) throw new Error(`status ${answer.status}`);
  return parseSigned(decodeSigned(answer.body));
}

describe("enrolling", () => {
  test("shows the server's name, takes the PIN, shows the fingerprint, and only then stores and signs", () => {
    const bench = new Bench();
    setPin(bench);
    bench.request(bench.open(), enrolRequest());
    expect(bench.page()).toBe("enrol");
    expect(bench.rows()[2]?.trim()).toBe("> Acme Bank");
    bench.press("ok");
    expect(bench.page()).toBe("pin");
    bench.type(PIN);
    expect(bench.page()).toBe("fingerprint");
    const fingerprint = bench.rows()[2]?.trim();
    expect(bench.store.load()?.credentials).toHaveLength(0);
    bench.press("ok");

    const signed = signedBy(bench);
    const enrolment = decodeEnrolment(signed.payload);
    expect(verifySigned(signed, SignatureType.ENROLMENT, importPublicKey(enrolment.publicKey))).toBe(true);
    expect(fingerprintOf(enrolment.publicKey)).toBe(fingerprint);
    expect(enrolment).toMatchObject({
      serverId: SERVER_ID,
      challenge: enrolRequest().challenge,
      keyId: signed.keyId,
      model: "emulator",
      serial: "TEST-1",
      glyphProfile: "latin",
      hasDisplay: true,
      hasKeypad: true,
    });
    expect(enrolment).not.toHaveProperty("digitsProof");
    expect(bench.store.load()?.credentials).toHaveLength(1);
  });

  test("threat 06: the attestation inside is by the device's own key and bound to challenge and new key", () => {
    const { bench } = readyBench();
    const enrolment = decodeEnrolment(signedBy(bench).payload);
    const attestation = parseSigned(enrolment.attestation);
    const held = bench.store.load()?.attestation;
    const deviceKey = importPublicKey(publicKeyOf(held?.privateKey ?? new Uint8Array(0)));
    expect(verifySigned(attestation, SignatureType.ATTESTATION, deviceKey)).toBe(true);
    expect(attestation.keyId).toEqual(held?.keyId);
    expect(decodeAttestation(attestation.payload)).toMatchObject({
      serverId: SERVER_ID,
      challenge: attestationChallengeFor(enrolment.challenge, enrolment.publicKey),
      model: "emulator",
      serial: "TEST-1",
    });
  });

  test("threat 06: of the token digits typed on the key a proof for this key is inside the signature, and no more", () => {
    const bench = new Bench();
    setPin(bench);
    bench.request(bench.open(), enrolRequest({ digits: true }));
    bench.press("ok");
    bench.type(PIN);
    expect(bench.page()).toBe("digits");
    for (const digit of "7319024673190246") bench.press(digit as "7");
    expect(bench.rows()[2]?.trim()).toBe("7319 0246 7319 0246");
    bench.press("ok");
    bench.press("ok");
    const { challenge, publicKey, digitsProof } = decodeEnrolment(signedBy(bench).payload);
    expect(digitsProof).toEqual(digitsProofOf("7319024673190246", challenge, publicKey));
  });

  test.each([
    ["name", 0],
    ["PIN", 1],
    ["fingerprint", 2],
  ])("a reject on the %s page makes no key", (_name, turns) => {
    const bench = new Bench();
    setPin(bench);
    bench.request(bench.open(), enrolRequest());
    if (turns > 0) bench.press("ok");
    if (turns > 1) bench.type(PIN);
    bench.press("reject");
    expect(bench.answer().status).toBe(Status.USER_DENIED);
    expect(bench.store.load()?.credentials).toHaveLength(0);
  });

  test("a server name that cannot be drawn is refused before anything is shown", () => {
    const bench = new Bench();
    setPin(bench);
    for (const serverName of ["Acme\u202EBank", " Acme", "公司", "a\u0000b"]) {
      bench.request(bench.open(), enrolRequest({ serverName }));
      expect(bench.answer().status).toBe(Status.UNRENDERABLE);
      expect(bench.page()).toBe("idle");
    }
  });

  test("threat 29: only the built algorithm is taken", () => {
    const bench = new Bench();
    setPin(bench);
    bench.request(bench.open(), enrolRequest({ algorithm: 2 }));
    expect(bench.answer().status).toBe(Status.UNSUPPORTED);
  });

  test("a key without display takes PIN and digits by the lights", () => {
    const bench = new Bench({ display: false });
    setPin(bench);
    bench.request(bench.open(), enrolRequest({ digits: true }));
    bench.type(PIN);
    bench.type("73190246");
    const enrolment = decodeEnrolment(signedBy(bench).payload);
    const digitsProof = digitsProofOf("73190246", enrolment.challenge, enrolment.publicKey);
    expect(enrolment).toMatchObject({ hasDisplay: false, digitsProof });
  });

  test("one key serves several servers, each with a private key of its own", () => {
    const { bench, keyId } = readyBench();
    const other = enrolKey(bench, { serverId: new Uint8Array(16).fill(9), serverName: "Other Bank" });
    const [first, second] = bench.store.load()?.credentials ?? [];
    expect(first?.privateKey).not.toEqual(second?.privateKey);
    bench.request(bench.open(), presentRequest(other));
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    bench.request(bench.open(), presentRequest(keyId));
    expect(bench.page()).toBe("pages");
  });
});

describe("threat 05: the key is no signing oracle", () => {
  test("attest signs its own map with the device's key, whatever the challenge looks like", () => {
    const { bench, keyId } = readyBench();
    const challenge = new Uint8Array(32).fill(0xa1);
    bench.request(bench.open(), { subcommand: Subcommand.ATTEST, serverId: SERVER_ID, challenge });
    const signed = signedBy(bench);
    expect(signed.type).toBe(SignatureType.ATTESTATION);
    expect(signed.keyId).not.toEqual(keyId);
    const own = { serverId: SERVER_ID, challenge: deviceChallengeFor(challenge), firmware: "0.1.0" };
    expect(decodeAttestation(signed.payload)).toMatchObject(own);
    const credential = bench.store.load()?.credentials[0]?.publicKey ?? new Uint8Array(0);
    expect(verifySigned(signed, SignatureType.ATTESTATION, importPublicKey(credential))).toBe(false);
  });

  test("threat 06: attest vouches for no credential: malware's own key gets no attestation out of a genuine device", () => {
    const { bench } = readyBench();
    const bound = attestationChallengeFor(enrolRequest().challenge, newKeyPair().publicKey);
    bench.request(bench.open(), { subcommand: Subcommand.ATTEST, serverId: SERVER_ID, challenge: bound });
    expect(decodeAttestation(signedBy(bench).payload).challenge).not.toEqual(bound);
  });

  test("an enrolment never verifies as a statement", () => {
    const { bench } = readyBench();
    const signed = signedBy(bench);
    const key = importPublicKey(decodeEnrolment(signed.payload).publicKey);
    expect(verifySigned(signed, SignatureType.STATEMENT, key)).toBe(false);
    expect(verifySigned({ ...signed, type: SignatureType.STATEMENT }, SignatureType.ENROLMENT, key)).toBe(false);
  });
});

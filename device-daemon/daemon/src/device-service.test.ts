import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Step } from "@countersign/proto/node/device/v1/device_service";
import {
  codeProofOf,
  Decision,
  decodeStatement,
  type Enrolment,
  equalBytes,
  importPublicKey,
  parseSigned,
  RejectReason,
  SignatureType,
  toHex,
  txDigestOf,
  verifySigned,
} from "@countersign/protocol";
import { CONTENT, enrol, PIN, type Rig, setPin, signRequest, startRig } from "./testing/rig.ts";

let rig: Rig;
let enrolment: Enrolment;

beforeAll(async () => {
  rig = await startRig();
  await setPin(rig);
  enrolment = await enrol(rig);
}, 400_000);

afterAll(async () => {
  await rig.stop();
});

test("claim 05: the key signs the digest of what it received and the proof of the typed code, and only then", async () => {
  const request = signRequest(toHex(enrolment.keyId));
  const signing = rig.client.sign(request);
  const pages = await rig.hands.readPages();
  await rig.hands.until("pin");
  await rig.hands.type(PIN);
  await rig.hands.until("code");
  await rig.hands.type("482915");
  const { steps, last } = await signing;

  const signed = parseSigned(last?.signedStatement ?? new Uint8Array(0));
  expect(verifySigned(signed, SignatureType.STATEMENT, importPublicKey(enrolment.publicKey))).toBe(true);
  const statement = decodeStatement(signed.payload);
  const digest = txDigestOf(CONTENT);
  expect(equalBytes(statement.txDigest, digest)).toBe(true);
  const proof = codeProofOf(new Uint8Array(request.nonce ?? []), digest, "482915");
  expect(toHex(statement.codeProof ?? new Uint8Array(0))).toBe(toHex(proof));
  expect(statement).toMatchObject({
    decision: Decision.APPROVE,
    shown: 1,
    codeEntry: 1,
    userVerification: 1,
    counter: 1,
  });
  expect(steps).toEqual([Step.SHOWING, Step.PIN, Step.CODE, Step.COMPUTING]);
  expect(pages.map((rows) => rows[1]?.trim())).toEqual(["Amount", "To", "Account"]);
  expect(last?.rejected).toBe(false);
});

test("claim 10: a reject needs no PIN and is a signed event, not an error", async () => {
  const signing = rig.client.sign(signRequest(toHex(enrolment.keyId)));
  await rig.hands.until("pages");
  await rig.hands.press("reject", "2", "ok");
  const { last } = await signing;
  expect(last?.rejected).toBe(true);
  const statement = decodeStatement(parseSigned(last?.signedStatement ?? new Uint8Array(0)).payload);
  expect(statement).toMatchObject({
    decision: Decision.REJECT,
    reason: RejectReason.NOT_ME,
    shown: 2,
    userVerification: 0,
  });
});

// Rules of a signed enrolment, pure; the first that fails is the answer. All of it is attacker-controlled until its
// signature holds, and its model and serial until the attestation does. docs/protocol/enrolment.md
import {
  attestationChallengeFor,
  decodeAttestation,
  decodeEnrolment,
  equalBytes,
  importPublicKey,
  parseSigned,
  ProtocolError,
  SignatureType,
  verifySigned,
  type Enrolment as EnrolmentMap,
} from "@countersign/protocol";
import type { Policy } from "../policy/policy.ts";
import { badInput, refuse, type Refusal } from "../rpc/refusal.ts";
import { isEmulator } from "./emulator.ts";

/** What the enrolment has to fit. */
export interface Expected {
  readonly serverId: Uint8Array;
  readonly challenge: Uint8Array;
  /** Undefined: any. */
  readonly serial: string | undefined;
  readonly policy: Pick<Policy, "keyModels" | "attestationKeys">;
  readonly development: boolean;
}

/** COSE_Sign1 around the map with its attestation. */
const MOST_BYTES = 2048;

/** The enrolment, if it is signed by its own key, for this core and challenge, by a device that the policy trusts. */
export function readEnrolment(signed: Uint8Array, expected: Expected): EnrolmentMap | Refusal {
  if (signed.length > MOST_BYTES) return badInput("signed_enrolment", `at most ${MOST_BYTES} bytes`);
  try {
    const message = parseSigned(signed);
    const map = decodeEnrolment(message.payload);
    if (!verifySigned(message, SignatureType.ENROLMENT, importPublicKey(map.publicKey))) {
      return refuse("BAD_SIGNATURE", "signed_enrolment: it is not signed by the key that it enrols");
    }
    return findMismatch(message.keyId, map, expected) ?? findUntrusted(map, expected) ?? map;
  } catch (error) {
    if (error instanceof ProtocolError) return badInput("signed_enrolment", error.message);
    throw error;
  }
}

function findMismatch(signer: Uint8Array, map: EnrolmentMap, expected: Expected): Refusal | undefined {
  if (!equalBytes(signer, map.keyId)) return mismatch("it names another key than the one that signed it");
  if (!equalBytes(map.serverId, expected.serverId)) return mismatch("it is for another core");
  if (!equalBytes(map.challenge, expected.challenge)) return mismatch("it answers another challenge");
  return undefined;
}

function findUntrusted(map: EnrolmentMap, expected: Expected): Refusal | undefined {
  const { serial, policy, development } = expected;
  if (!policy.keyModels.includes(map.model)) return untrusted(`the policy does not allow keys of model ${map.model}`);
  if (isEmulator(map.model) && !development)
    return untrusted("emulators are refused unless the core runs with --development");
  if (serial !== undefined && serial !== map.serial)
    return untrusted("the enrolment token is for a device of another serial");
  const message = parseSigned(map.attestation);
  const attested = decodeAttestation(message.payload);
  const holds =
    message.type === SignatureType.ATTESTATION &&
    equalBytes(attested.serverId, map.serverId) &&
    equalBytes(attested.challenge, attestationChallengeFor(map.challenge, map.publicKey)) &&
    attested.model === map.model &&
    attested.serial === map.serial;
  if (!holds) return untrusted("its attestation is about another device, core or challenge");
  const trusted = policy.attestationKeys.filter(({ model }) => model === map.model);
  if (trusted.length === 0) {
    return development ? undefined : untrusted(`the policy holds no attestation key of model ${map.model}`);
  }
  const signed = trusted.some(({ publicKey }) =>
    verifySigned(message, SignatureType.ATTESTATION, importPublicKey(publicKey)),
  );
  return signed ? undefined : untrusted("its attestation is not signed by a key that the policy trusts");
}

function mismatch(what: string): Refusal {
  return refuse("STATEMENT_MISMATCH", `signed_enrolment: ${what}`);
}

function untrusted(what: string): Refusal {
  return refuse("ATTESTATION_UNTRUSTED", `signed_enrolment: ${what}`);
}

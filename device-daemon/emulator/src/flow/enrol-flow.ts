import {
  encodeOk,
  encodeRefused,
  encodeSigned,
  type EnrolKey,
  KeyAlgorithm,
  type Refused,
  Status,
} from "@countersign/key-protocol";
import {
  attestationChallengeFor,
  checkGlyphs,
  checkSafeText,
  digitsProofOf,
  encodeEnrolment,
  fingerprintOf,
  ProtocolError,
  REGISTRY_VERSION,
  SignatureType,
  signMessage,
} from "@countersign/protocol";
import type { Device } from "../device.ts";
import { digitsPrompt, endedPrompt, enrolPrompt, fingerprintPrompt, signingPrompt } from "../display/prompts.ts";
import type { Ending, Flow } from "../prompt.ts";
import type { Credential } from "../storage/key-state.ts";
import { newKeyPair, signEs256 } from "../storage/signing-key.ts";
import { attest } from "./attest.ts";
import { confirm } from "./confirm.ts";
import { enterDigits } from "./enter-digits.ts";
import { refusalOf } from "./read-transaction.ts";
import { canVerify, verifyHuman } from "./verify-human.ts";

/** Digits of an enrolment token that is typed on the key. */
const TOKEN_DIGITS = { min: 6, max: 16 } as const;

/** The person said no, or may not. */
type Stop = { readonly refused: Refused };

/** Makes a credential for one server: name shown, PIN, digits where asked, fingerprint shown, then stored and signed. */
export function* enrolFlow(device: Device, channel: number, request: EnrolKey): Flow<Ending> {
  const refused = cannotEnrol(device, request);
  if (refused !== undefined) return { reply: encodeRefused(refused) };
  const consent = yield* takeConsent(device, channel, request);
  if ("refused" in consent) return stop(consent.refused);
  const pair = newKeyPair();
  if (device.profile.display) {
    const same = yield* confirm(fingerprintPrompt(request.serverName, fingerprintOf(pair.publicKey)));
    if (!same) return stop({ status: Status.USER_DENIED });
  }
  yield signingPrompt();
  const credential: Credential = {
    ...pair,
    keyId: device.random(16),
    serverId: request.serverId,
    serverName: request.serverName,
    counter: 0,
  };
  device.vault.change((state) => ({ ...state, credentials: [...state.credentials, credential] }));
  device.session.end();
  return { reply: encodeOk(encodeSigned(signEnrolment(device, request, credential, consent.digits))) };
}

function cannotEnrol(device: Device, request: EnrolKey): Refused | undefined {
  if (request.algorithm !== KeyAlgorithm.ES256) return { status: Status.UNSUPPORTED };
  if (!canVerify(device)) return { status: Status.PIN_REQUIRED };
  if (request.digits && !device.profile.keypad) return { status: Status.UNSUPPORTED };
  try {
    checkSafeText(request.serverName, { maxCodePoints: 20, field: "serverName" });
    checkGlyphs([], device.profile.glyphs, request.serverName);
    return undefined;
  } catch (cause) {
    if (cause instanceof ProtocolError) return refusalOf(cause);
    throw cause;
  }
}

function* takeConsent(device: Device, channel: number, request: EnrolKey): Flow<Stop | { readonly digits?: string }> {
  const denied: Stop = { refused: { status: Status.USER_DENIED } };
  if (device.profile.display && !(yield* confirm(enrolPrompt(request.serverName)))) return denied;
  if (device.session.of(channel) === undefined) {
    const verified = yield* verifyHuman(device);
    if (verified === "reject" || verified === "back") return denied;
    if ("refused" in verified) return verified;
  }
  if (!request.digits) return {};
  const entry = yield* enterDigits(TOKEN_DIGITS, (typed) => digitsPrompt(request.serverName, typed));
  return typeof entry === "string" ? denied : { digits: entry.digits };
}

function signEnrolment(
  device: Device,
  request: EnrolKey,
  credential: Credential,
  digits: string | undefined,
): Uint8Array {
  const { profile } = device;
  const enrolment = encodeEnrolment({
    serverId: request.serverId,
    challenge: request.challenge,
    keyId: credential.keyId,
    publicKey: credential.publicKey,
    model: profile.model,
    serial: profile.serial,
    registryVersion: REGISTRY_VERSION,
    glyphProfile: profile.glyphs,
    attestation: attest(device, request.serverId, attestationChallengeFor(request.challenge, credential.publicKey)),
    ...(digits === undefined ? {} : { digitsProof: digitsProofOf(digits, request.challenge, credential.publicKey) }),
    hasDisplay: profile.display,
    hasKeypad: profile.keypad,
  });
  return signMessage(SignatureType.ENROLMENT, credential.keyId, enrolment, (bytes) =>
    signEs256(credential.privateKey, bytes),
  );
}

function stop(refused: Refused): Ending {
  return { reply: encodeRefused(refused), after: endedPrompt("no key was made") };
}

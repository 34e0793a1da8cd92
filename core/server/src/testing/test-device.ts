// For tests: a smart key of software that enrols, honest or not.
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import {
  attestationChallengeFor,
  coseKeyOfJwk,
  digitsProofOf,
  encodeAttestation,
  encodeEnrolment,
  SignatureType,
  signMessage,
  type Attestation,
  type Enrolment,
} from "@countersign/protocol";

/** What a device may be made to lie about. */
export interface EnrolLies {
  readonly map?: Partial<Enrolment>;
  readonly attestation?: Partial<Attestation>;
  readonly signer?: KeyObject;
  readonly type?: SignatureType;
  readonly kid?: Uint8Array;
  readonly attestationType?: SignatureType;
}

export class TestDevice {
  readonly model: string;
  readonly serial: string;
  readonly attestationKey: KeyObject = newKey();
  readonly keyId: Uint8Array = new Uint8Array(randomBytes(16));
  readonly privateKey: KeyObject = newKey();

  constructor(serial = "E-1", model = "emulator") {
    this.serial = serial;
    this.model = model;
  }

  get publicKey(): Uint8Array {
    return coseKeyOfJwk(this.privateKey.export({ format: "jwk" }));
  }
  get attestationPublicKey(): Uint8Array {
    return coseKeyOfJwk(this.attestationKey.export({ format: "jwk" }));
  }

  /** The signed enrolment map, as command 05 gives it. */
  enrol(given: { serverId: Uint8Array; challenge: Uint8Array; digits?: string }, lies: EnrolLies = {}): Uint8Array {
    const { model, serial, keyId, publicKey } = this;
    const { serverId, challenge } = given;
    const attestation = encodeAttestation({
      ...{ serverId, model, serial, firmware: "1.0" },
      challenge: attestationChallengeFor(challenge, publicKey),
      ...lies.attestation,
    });
    const attested = signMessage(
      lies.attestationType ?? SignatureType.ATTESTATION,
      new Uint8Array(16),
      attestation,
      signer(this.attestationKey),
    );
    const map = encodeEnrolment({
      ...{ serverId, challenge, keyId, publicKey, model, serial },
      ...{ registryVersion: 1, glyphProfile: "latin", attestation: attested, hasDisplay: true, hasKeypad: true },
      ...(given.digits === undefined ? {} : { digitsProof: digitsProofOf(given.digits, challenge, publicKey) }),
      ...lies.map,
    });
    return signMessage(
      lies.type ?? SignatureType.ENROLMENT,
      lies.kid ?? keyId,
      map,
      signer(lies.signer ?? this.privateKey),
    );
  }
}

export function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function signer(key: KeyObject): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => new Uint8Array(sign("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }));
}

// A smart key of software: what the emulator signs, without its display, keypad and USB reports.
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import {
  attestationChallengeFor,
  CodeEntry,
  codeProofOf,
  coseKeyOfJwk,
  Decision,
  encodeAttestation,
  encodeEnrolment,
  encodeStatement,
  fromHex,
  Shown,
  SignatureType,
  signMessage,
  toHex,
  UserVerification,
} from "@countersign/protocol";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";

const MODEL = "emulator";
const NO_ONE = new Uint8Array(16);

/** Signs enrolment and statements as a full key with PIN would. */
export class SoftKey {
  readonly serial: string;
  readonly #keyId = new Uint8Array(randomBytes(16));
  readonly #key: KeyObject = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  #counter = 0;

  constructor(serial: string) {
    this.serial = serial;
  }

  /** 32 hexadecimal digits. */
  get keyId(): string {
    return toHex(this.#keyId);
  }

  /** COSE_Key bytes. */
  get publicKey(): Uint8Array {
    return coseKeyOfJwk(this.#key.export({ format: "jwk" }));
  }

  enrol(asked: { readonly serverId: string; readonly challenge: Uint8Array }): Uint8Array {
    const { serial } = this;
    const { publicKey } = this;
    const serverId = fromHex(asked.serverId);
    const challenge = new Uint8Array(asked.challenge);
    const attested = encodeAttestation({
      ...{ serverId, model: MODEL, serial, firmware: "bench" },
      challenge: attestationChallengeFor(challenge, publicKey),
    });
    const enrolment = encodeEnrolment({
      ...{ serverId, challenge, keyId: this.#keyId, publicKey, model: MODEL, serial },
      ...{ registryVersion: 1, glyphProfile: "latin", hasDisplay: true, hasKeypad: true },
      attestation: signMessage(SignatureType.ATTESTATION, NO_ONE, attested, this.#sign),
    });
    return signMessage(SignatureType.ENROLMENT, this.#keyId, enrolment, this.#sign);
  }

  /** Approves what the core says it holds: the load generator has no PC to distrust. */
  approve(transaction: Transaction, code: string): Uint8Array {
    const nonce = new Uint8Array(transaction.nonce);
    const txDigest = new Uint8Array(transaction.txDigest);
    const statement = encodeStatement({
      version: 1,
      serverId: fromHex(transaction.serverId),
      txId: fromHex(transaction.transactionId),
      nonce,
      txDigest,
      codeProof: codeProofOf(nonce, txDigest, code),
      decision: Decision.APPROVE,
      shown: Shown.ALL,
      codeEntry: CodeEntry.KEY,
      userVerification: UserVerification.PIN,
      counter: ++this.#counter,
    });
    return signMessage(SignatureType.STATEMENT, this.#keyId, statement, this.#sign);
  }

  readonly #sign = (bytes: Uint8Array): Uint8Array =>
    new Uint8Array(sign("sha256", bytes, { key: this.#key, dsaEncoding: "ieee-p1363" }));
}

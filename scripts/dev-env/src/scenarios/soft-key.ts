import { createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
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

/** What a soft key is made of, to go on with it in another process. */
export interface SavedKey {
  readonly serial: string;
  readonly keyId: string;
  readonly privateKey: string;
  readonly counter: number;
}

/** A key without display and fingers: signs faster than anybody could type, for races. */
export class SoftKey {
  readonly serial: string;
  readonly #keyId: Uint8Array;
  readonly #pair: KeyObject;
  #counter: number;

  constructor(saved?: SavedKey) {
    this.serial = saved?.serial ?? `SOFT-${randomBytes(3).toString("hex").toUpperCase()}`;
    this.#keyId = saved === undefined ? new Uint8Array(randomBytes(16)) : fromHex(saved.keyId);
    this.#pair =
      saved === undefined
        ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
        : createPrivateKey(saved.privateKey);
    this.#counter = saved?.counter ?? 0;
  }

  save(): SavedKey {
    const privateKey = this.#pair.export({ format: "pem", type: "pkcs8" }).toString();
    return { serial: this.serial, keyId: toHex(this.#keyId), privateKey, counter: this.#counter };
  }

  /** The signed enrolment for what BeginEnrolment gave. */
  enrol(begun: { readonly serverId: string; readonly challenge: Uint8Array }): Buffer {
    const { serial } = this;
    const publicKey = coseKeyOfJwk(this.#pair.export({ format: "jwk" }));
    const [serverId, challenge] = [fromHex(begun.serverId), new Uint8Array(begun.challenge)];
    const about = { serverId, model: "emulator", serial };
    const bound = attestationChallengeFor(challenge, publicKey);
    const attestation = encodeAttestation({ ...about, challenge: bound, firmware: "1.0" });
    const enrolment = encodeEnrolment({
      ...{ ...about, challenge, keyId: this.#keyId, publicKey },
      ...{ registryVersion: 1, glyphProfile: "latin", hasDisplay: true, hasKeypad: true },
      attestation: signMessage(SignatureType.ATTESTATION, new Uint8Array(16), attestation, this.#sign),
    });
    return Buffer.from(signMessage(SignatureType.ENROLMENT, this.#keyId, enrolment, this.#sign));
  }

  /** A statement that is right in everything, each time under the next counter. */
  approve(transaction: Transaction, code: string): Buffer {
    const [nonce, txDigest] = [new Uint8Array(transaction.nonce), new Uint8Array(transaction.txDigest)];
    const statement = encodeStatement({
      ...{ version: 1, serverId: fromHex(transaction.serverId), txId: fromHex(transaction.transactionId) },
      ...{ nonce, txDigest, codeProof: codeProofOf(nonce, txDigest, code), decision: Decision.APPROVE },
      ...{ shown: Shown.ALL, codeEntry: CodeEntry.KEY, userVerification: UserVerification.PIN },
      counter: ++this.#counter,
    });
    return Buffer.from(signMessage(SignatureType.STATEMENT, this.#keyId, statement, this.#sign));
  }

  readonly #sign = (bytes: Uint8Array): Uint8Array =>
    new Uint8Array(sign("sha256", bytes, { key: this.#pair, dsaEncoding: "ieee-p1363" }));
}

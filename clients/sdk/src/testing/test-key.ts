import { generateKeyPairSync, randomBytes, sign as signWith, type KeyObject } from "node:crypto";
import {
  ClientDataType,
  codeProofOf,
  CodeEntry,
  concatBytes,
  coseKeyOfJwk,
  Decision,
  encodeStatement,
  fidoChallengeOf,
  fidoKeyIdOf,
  fromHex,
  nativeClientData,
  sha256,
  Shown,
  SignatureType,
  signMessage,
  txDigestOf,
  UserVerification,
  utf8,
  type Assertion,
  type RejectReason,
} from "@countersign/protocol";

/** A signing key in memory, for a fake smart key or a fake core. */
export class TestKey {
  readonly coseKey: Uint8Array;
  readonly #keyId: Uint8Array;
  readonly #private: KeyObject;
  #counter = 0;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.coseKey = coseKeyOfJwk(publicKey.export({ format: "jwk" }));
    this.#keyId = sha256(this.coseKey).subarray(0, 16);
    this.#private = privateKey;
  }

  get keyId(): Uint8Array {
    return this.#keyId;
  }

  /** Raw r‖s over the bytes. */
  sign(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(signWith("sha256", bytes, { key: this.#private, dsaEncoding: "ieee-p1363" }));
  }

  signDer(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(signWith("sha256", bytes, { key: this.#private, dsaEncoding: "der" }));
  }

  /** What a smart key answers: an approval with the typed code, or a reject. */
  statement(shown: ShownToKey, answer: { readonly code: string } | { readonly reject: RejectReason }): Uint8Array {
    const txDigest = txDigestOf(shown.content);
    this.#counter += 1;
    const decided =
      "code" in answer
        ? { decision: Decision.APPROVE, codeProof: codeProofOf(shown.nonce, txDigest, answer.code) }
        : { decision: Decision.REJECT, reason: answer.reject };
    const payload = encodeStatement({
      version: 1,
      serverId: fromHex(shown.serverId),
      txId: fromHex(shown.transactionId),
      nonce: Uint8Array.from(shown.nonce),
      txDigest,
      shown: Shown.ALL,
      codeEntry: CodeEntry.KEY,
      userVerification: "code" in answer ? UserVerification.PIN : UserVerification.NONE,
      counter: this.#counter,
      ...decided,
    });
    return signMessage(SignatureType.STATEMENT, this.keyId, payload, (bytes) => this.sign(bytes));
  }
}

/** A FIDO2 key in memory: it shows nothing, and signs what the PC made of the typed code. */
export class TestFidoKey extends TestKey {
  readonly rpId: string;
  readonly credentialId: Uint8Array = Uint8Array.from(randomBytes(32));

  constructor(rpId: string) {
    super();
    this.rpId = rpId;
  }

  override get keyId(): Uint8Array {
    return fidoKeyIdOf(this.rpId, this.credentialId);
  }

  /** Touched, with its PIN, for the code that was typed on the PC. */
  assertion(shown: ShownToKey, code: string): Assertion {
    const txDigest = txDigestOf(shown.content);
    const statement = encodeStatement({
      version: 1,
      serverId: fromHex(shown.serverId),
      txId: fromHex(shown.transactionId),
      nonce: Uint8Array.from(shown.nonce),
      txDigest,
      codeProof: codeProofOf(shown.nonce, txDigest, code),
      decision: Decision.APPROVE,
      shown: Shown.NOTHING,
      codeEntry: CodeEntry.HOST,
      userVerification: UserVerification.NONE,
      counter: 0,
    });
    const clientDataJson = nativeClientData(ClientDataType.GET, fidoChallengeOf(statement));
    const authenticatorData = Uint8Array.of(...sha256(utf8(this.rpId)), 0x05, 0, 0, 0, 0);
    const signature = this.signDer(concatBytes(authenticatorData, sha256(clientDataJson)));
    return { keyId: this.keyId, statement, authenticatorData, clientDataJson, signature };
  }
}

/** What the daemon hands to the key. */
export interface ShownToKey {
  readonly serverId: string;
  readonly transactionId: string;
  readonly nonce: Uint8Array;
  readonly content: Uint8Array;
}

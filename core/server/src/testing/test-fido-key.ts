// For tests: a FIDO2 key of software, honest or not. It signs as CTAP2 does; who asks it is the PC.
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import {
  AuthFlag,
  ClientDataType,
  concatBytes,
  coseKeyOfJwk,
  encodeAssertion,
  encodeFidoCredential,
  encodeStatement,
  fidoChallengeOf,
  fidoKeyIdOf,
  fromHex,
  NATIVE_ORIGIN,
  nativeClientData,
  sha256,
  toBase64url,
  toHex,
  utf8,
  type Assertion,
  type Statement,
} from "@countersign/protocol";
import type { FidoDetails, Key } from "../identity/key.ts";
import type { HexId } from "../store/entity.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { CoreWorld, Identity } from "./core-world.ts";

/** What an assertion may be made to say. */
export interface AssertChange {
  readonly code?: string;
  readonly statement?: Partial<Statement>;
  readonly flags?: number;
  readonly signCount?: number;
  readonly rpId?: string;
  /** Members of clientDataJSON; undefined takes one away. */
  readonly clientData?: Readonly<Record<string, unknown>>;
  readonly parts?: Partial<Assertion>;
  readonly signer?: KeyObject;
}

export const TOUCHED: number = AuthFlag.USER_PRESENT;
export const TOUCHED_AND_VERIFIED: number = AuthFlag.USER_PRESENT | AuthFlag.USER_VERIFIED;

export class TestFidoKey {
  readonly rpId: string;
  readonly aaguid: Uint8Array;
  readonly credentialId: Uint8Array = new Uint8Array(randomBytes(32));
  readonly privateKey: KeyObject = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  signCount = 0;

  constructor(rpId: string, aaguid: Uint8Array = new Uint8Array(16)) {
    this.rpId = rpId;
    this.aaguid = aaguid;
  }

  get keyId(): HexId {
    return toHex(fidoKeyIdOf(this.rpId, this.credentialId));
  }

  get publicKey(): Uint8Array {
    return coseKeyOfJwk(this.privateKey.export({ format: "jwk" }));
  }

  /** What a core holds of it after its enrolment. */
  details(change: Partial<FidoDetails> = {}): FidoDetails {
    const { credentialId, rpId, aaguid } = this;
    const flags = { passkey: false, backupEligible: false, backedUp: false };
    return { credentialId, rpId, aaguid, ...flags, transports: ["usb"], ...change };
  }

  /** Gives it to a user, past its enrolment and hold. */
  async addTo(world: CoreWorld, of: Identity = world.identity, change: Partial<Key> = {}): Promise<void> {
    const { keyId, publicKey, privateKey } = this;
    const { rpId, credentialId } = this;
    const made = { attestationObject: Uint8Array.of(0xa0), clientDataJson: utf8("{}") };
    const enrolment = encodeFidoCredential({ rpId, credentialId, ...made });
    const kind = { model: "FIDO2 key", serial: "", hasDisplay: false, hasKeypad: false, enrolment };
    await world.addKey(of, { keyId, publicKey, privateKey }, { ...kind, fido: this.details(), ...change });
  }

  /** What the PC makes of the typed code and this key of the statement: an envelope. */
  assert(world: CoreWorld, of: Transaction, change: AssertChange = {}): Uint8Array {
    return encodeAssertion(this.assertion(world, of, change));
  }

  assertion(world: CoreWorld, of: Transaction, change: AssertChange = {}): Assertion {
    const code = change.code === undefined ? {} : { code: change.code };
    const zeros = { shown: 0, codeEntry: 0, userVerification: 0, counter: 0 } as const;
    const statement = encodeStatement(world.statement(of, { ...zeros, ...code, ...change.statement }));
    const clientDataJson = clientDataOf(ClientDataType.GET, fidoChallengeOf(statement), change.clientData);
    this.signCount += 1;
    const { flags = TOUCHED_AND_VERIFIED, signCount = this.signCount, rpId = this.rpId } = change;
    const authenticatorData = concatBytes(sha256(utf8(rpId)), Uint8Array.of(flags), u32(signCount));
    const signed = concatBytes(authenticatorData, sha256(clientDataJson));
    const signature = new Uint8Array(sign("sha256", signed, change.signer ?? this.privateKey));
    return { keyId: fromHex(this.keyId), statement, authenticatorData, clientDataJson, signature, ...change.parts };
  }
}

/** Client data of a program, or with members changed; undefined takes one away. */
export function clientDataOf(
  type: ClientDataType,
  challenge: Uint8Array,
  change: Readonly<Record<string, unknown>> = {},
): Uint8Array {
  if (Object.keys(change).length === 0) return nativeClientData(type, challenge);
  const native = { type, challenge: toBase64url(challenge), origin: NATIVE_ORIGIN, crossOrigin: false };
  return utf8(JSON.stringify({ ...native, ...change }));
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

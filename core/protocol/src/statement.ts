import { CborMap } from "./cbor-map.ts";
import { type CborValue, encodeCbor } from "./det-cbor.ts";

// statement = det-CBOR { 1: 1, 2: serverId, 3: txId, 4: nonce, 5: txDigest, 6: codeProof (approve only), 7: decision,
//                        8: shown, 9: codeEntry, 10: userVerification, 11: counter, 12: reason (reject only, optional) }
//                                                            docs/protocol/code-and-statement.md section 5

/** What the user decided. */
export const Decision = { APPROVE: 1, REJECT: 2 } as const;
export type Decision = (typeof Decision)[keyof typeof Decision];

/** How much of the content the key showed. */
export const Shown = { NOTHING: 0, ALL: 1, SOME: 2 } as const;
export type Shown = (typeof Shown)[keyof typeof Shown];

/** Where the code was typed. */
export const CodeEntry = { HOST: 0, KEY: 1 } as const;
export type CodeEntry = (typeof CodeEntry)[keyof typeof CodeEntry];

/** How the key knew its user. */
export const UserVerification = { NONE: 0, PIN: 1, BIOMETRIC: 2 } as const;
export type UserVerification = (typeof UserVerification)[keyof typeof UserVerification];

/** Why the user rejected. */
export const RejectReason = { WRONG_DATA: 1, NOT_ME: 2, CHANGED_MY_MIND: 3, SOMEBODY_TOLD_ME_TO: 4 } as const;
export type RejectReason = (typeof RejectReason)[keyof typeof RejectReason];

/** What a key signs. Ids 16 bytes, nonce, digest and proof 32. */
export interface Statement {
  readonly version: 1;
  readonly serverId: Uint8Array;
  readonly txId: Uint8Array;
  readonly nonce: Uint8Array;
  /** Of the content as the key rendered it. */
  readonly txDigest: Uint8Array;
  /** Present in an approval, absent in a reject. */
  readonly codeProof?: Uint8Array;
  readonly decision: Decision;
  readonly shown: Shown;
  readonly codeEntry: CodeEntry;
  readonly userVerification: UserVerification;
  /** u32, rises with each statement of a key. */
  readonly counter: number;
  /** In a reject, where the user gave one. */
  readonly reason?: RejectReason;
}

const DECISIONS = Object.values(Decision);
const SHOWN = Object.values(Shown);
const CODE_ENTRIES = Object.values(CodeEntry);
const VERIFICATIONS = Object.values(UserVerification);
const REJECT_REASONS = Object.values(RejectReason);

/** The bytes that are signed. Throws `bad-field` for a statement that decodeStatement would refuse. */
export function encodeStatement(statement: Statement): Uint8Array {
  const map = new Map<number, CborValue>([
    [1, statement.version],
    [2, statement.serverId],
    [3, statement.txId],
    [4, statement.nonce],
    [5, statement.txDigest],
  ]);
  if (statement.codeProof !== undefined) map.set(6, statement.codeProof);
  map.set(7, statement.decision);
  map.set(8, statement.shown);
  map.set(9, statement.codeEntry);
  map.set(10, statement.userVerification);
  map.set(11, statement.counter);
  if (statement.reason !== undefined) map.set(12, statement.reason);
  const bytes = encodeCbor(map);
  decodeStatement(bytes);
  return bytes;
}

/** Reads a statement; every member's range and the pairing of decision, proof and reason are checked. */
export function decodeStatement(bytes: Uint8Array): Statement {
  const map = new CborMap("statement", bytes);
  map.version(1, 1);
  const serverId = map.bytes(2, "serverId", 16);
  const txId = map.bytes(3, "txId", 16);
  const nonce = map.bytes(4, "nonce", 32);
  const txDigest = map.bytes(5, "txDigest", 32);
  const codeProof = map.has(6) ? map.bytes(6, "codeProof", 32) : undefined;
  const decision = map.oneOf(7, "decision", DECISIONS);
  const shown = map.oneOf(8, "shown", SHOWN);
  const codeEntry = map.oneOf(9, "codeEntry", CODE_ENTRIES);
  const userVerification = map.oneOf(10, "userVerification", VERIFICATIONS);
  const counter = map.integer(11, "counter", 0, 0xffff_ffff);
  const reason = map.has(12) ? map.oneOf(12, "reason", REJECT_REASONS) : undefined;
  map.end();
  if ((decision === Decision.APPROVE) !== (codeProof !== undefined)) {
    map.refuse("codeProof", "stands in an approval and in no reject");
  }
  if (reason !== undefined && decision !== Decision.REJECT) map.refuse("reason", "stands in a reject alone");
  return {
    version: 1,
    serverId,
    txId,
    nonce,
    txDigest,
    ...(codeProof === undefined ? {} : { codeProof }),
    decision,
    shown,
    codeEntry,
    userVerification,
    counter,
    ...(reason === undefined ? {} : { reason }),
  };
}

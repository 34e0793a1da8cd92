import { fromHex, toHex } from "../bytes.ts";
import { codeProofOf } from "../code.ts";
import { encodeContent, txDigestOf } from "../content.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../det-cbor.ts";
import { decodeStatement, encodeStatement, type Statement } from "../statement.ts";
import { EXAMPLE } from "./content-vectors.ts";
import { counting, NONCE, SERVER_ID, TX_ID } from "./fixture.ts";
import { type Named, type Refused, refusalOf, type Suite } from "./suite.ts";

type Scalars = Omit<Statement, "serverId" | "txId" | "nonce" | "txDigest" | "codeProof">;

interface StatementNotation extends Scalars {
  readonly serverId: string;
  readonly txId: string;
  readonly nonce: string;
  readonly txDigest: string;
  readonly codeProof?: string;
}

interface Accept extends Named {
  readonly statement: StatementNotation;
  readonly bytes: string;
}

interface Reject extends Refused {
  readonly bytes: string;
}

const txDigest = txDigestOf(encodeContent(EXAMPLE));

/** An approval of the example content with the code 042317. */
export const APPROVAL: Statement = {
  version: 1,
  serverId: SERVER_ID,
  txId: TX_ID,
  nonce: NONCE,
  txDigest,
  codeProof: codeProofOf(NONCE, txDigest, "042317"),
  decision: 1,
  shown: 1,
  codeEntry: 1,
  userVerification: 1,
  counter: 7,
};
const { codeProof: _, ...noProof } = APPROVAL;
const REJECTION: Statement = { ...noProof, decision: 2, shown: 2, codeEntry: 0, userVerification: 0, counter: 8 };

const ACCEPT: readonly (readonly [name: string, statement: Statement])[] = [
  ["an approval on a key with display and keypad", APPROVAL],
  ["an approval by finger", { ...APPROVAL, userVerification: 2 }],
  ["an approval with the code typed on the host", { ...APPROVAL, codeEntry: 0 }],
  ["an approval on a key without display", { ...APPROVAL, shown: 0, codeEntry: 0 }],
  ["the statement behind a FIDO2 assertion", { ...APPROVAL, shown: 0, codeEntry: 0, userVerification: 0, counter: 0 }],
  ["the highest counter", { ...APPROVAL, counter: 0xffff_ffff }],
  ["a reject without reason, before the last page", REJECTION],
  ["a reject: wrong data", { ...REJECTION, reason: 1 }],
  ["a reject: not me", { ...REJECTION, reason: 2 }],
  ["a reject: changed my mind", { ...REJECTION, reason: 3 }],
  ["a reject: somebody told me to", { ...REJECTION, reason: 4 }],
];

const approval = toHex(encodeStatement(APPROVAL));

const REJECT: readonly (readonly [name: string, because: string, bytes: string])[] = [
  ["no bytes", "not-canonical", ""],
  ["cut short", "not-canonical", approval.slice(0, -2)],
  ["a byte after the end", "not-canonical", `${approval}00`],
  ["a counter in two bytes", "not-canonical", approval.replace(/0b07$/, "0b1807")],
  ["members out of order", "not-canonical", approval.replace(/0a010b07$/, "0b070a01")],
  ["an array", "bad-field", "80"],
  ["no members", "bad-version", "a0"],
  ["another version", "bad-version", changed([1, 2])],
  ["no version", "bad-version", changed([1, undefined])],
  ["no server id", "bad-field", changed([2, undefined])],
  ["a server id of 15 bytes", "bad-field", changed([2, counting(15)])],
  ["a transaction id that is text", "bad-field", changed([3, "2021222324252627"])],
  ["a nonce of 33 bytes", "bad-field", changed([4, counting(33)])],
  ["no digest", "bad-field", changed([5, undefined])],
  ["a digest of 20 bytes", "bad-field", changed([5, counting(20)])],
  ["an approval without proof", "bad-field", changed([6, undefined])],
  ["a proof of 16 bytes", "bad-field", changed([6, counting(16)])],
  ["a reject with proof", "bad-field", changed([7, 2])],
  ["decision 0", "bad-field", changed([7, 0])],
  ["decision 3", "bad-field", changed([7, 3])],
  ["a decision that is true", "bad-field", changed([7, true])],
  ["shown 3", "bad-field", changed([8, 3])],
  ["no shown", "bad-field", changed([8, undefined])],
  ["code entry 2", "bad-field", changed([9, 2])],
  ["user verification 3", "bad-field", changed([10, 3])],
  ["no counter", "bad-field", changed([11, undefined])],
  ["a counter above 32 bits", "bad-field", changed([11, 0x1_0000_0000])],
  ["a reason in an approval", "bad-field", changed([12, 1])],
  ["reason 0 in a reject", "bad-field", changed([6, undefined], [7, 2], [12, 0])],
  ["reason 5 in a reject", "bad-field", changed([6, undefined], [7, 2], [12, 5])],
  ["a member of no version", "bad-field", changed([13, 0])],
  ["a member 0", "bad-field", changed([0, 0])],
];

/** What a key signs. */
export const statementVectors: Suite<Accept, Reject> = {
  name: "statement",
  spec: "docs/protocol/code-and-statement.md section 5",
  about: "accept: `statement` encodes to `bytes`, which decode to it. reject: decoding `bytes` is refused.",
  build: () => ({
    accept: ACCEPT.map(([name, statement]) => {
      return { name, statement: notationOf(statement), bytes: toHex(encodeStatement(statement)) };
    }),
    reject: REJECT.map(([name, because, bytes]) => ({ name, bytes, because })),
  }),
  accept: ({ statement, bytes }) => {
    const there = toHex(encodeStatement(statementOf(statement)));
    const back = toHex(encodeStatement(decodeStatement(fromHex(bytes))));
    return { bytes: there === back ? there : `${there}, read as ${back}` };
  },
  reject: ({ bytes }) => refusalOf(() => decodeStatement(fromHex(bytes))),
};

function changed(...changes: readonly (readonly [number, CborValue | undefined])[]): string {
  const members = new Map(decodeCbor(encodeStatement(APPROVAL)) as ReadonlyMap<number, CborValue>);
  for (const [key, value] of changes) {
    if (value === undefined) members.delete(key);
    else members.set(key, value);
  }
  return toHex(encodeCbor(members));
}

function notationOf({ serverId, txId, nonce, txDigest: digest, codeProof, ...scalars }: Statement): StatementNotation {
  return {
    ...scalars,
    serverId: toHex(serverId),
    txId: toHex(txId),
    nonce: toHex(nonce),
    txDigest: toHex(digest),
    ...(codeProof === undefined ? {} : { codeProof: toHex(codeProof) }),
  };
}

function statementOf({ serverId, txId, nonce, txDigest: digest, codeProof, ...scalars }: StatementNotation): Statement {
  return {
    ...scalars,
    serverId: fromHex(serverId),
    txId: fromHex(txId),
    nonce: fromHex(nonce),
    txDigest: fromHex(digest),
    ...(codeProof === undefined ? {} : { codeProof: fromHex(codeProof) }),
  };
}

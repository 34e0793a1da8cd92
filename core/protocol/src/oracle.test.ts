import { expect, test } from "@jest/globals";
import { cdeDecodeOptions, cdeEncodeOptions, decode, encode } from "cbor2";
import fc from "fast-check";
import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { codeProofOf, deriveCode } from "./code.ts";
import { encodeContent, txDigestOf } from "./content.ts";
import { coseKeyOf } from "./cose-key.ts";
import { parseSigned, SignatureType, signMessage } from "./cose.ts";
import { type CborValue, decodeCbor, encodeCbor } from "./det-cbor.ts";
import { encodeStatement } from "./statement.ts";
import { tagOf } from "./tag.ts";
import { TAG_WORDS } from "./tag-words.ts";
import { macKey } from "#platform";
import { EXAMPLE } from "./vector/content-vectors.ts";
import { K_CODE, KEY_ID, NONCE, SERVER_ID, TX_ID, vectorKey } from "./vector/fixture.ts";
import { APPROVAL } from "./vector/statement-vectors.ts";
import { unlessRefused } from "./vector/suite.ts";

// The formulas of the specification, written a second time with other libraries: cbor2 and node:crypto.

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const byCbor2 = (value: unknown): string => hex(encode(value, cdeEncodeOptions));

const value = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "det-cbor" },
    fc.maxSafeNat(),
    fc.string({ unit: "binary" }),
    fc.boolean(),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 4, depthIdentifier: "det-cbor" }),
    fc
      .array(fc.tuple(fc.nat(300), tie("value")), { maxLength: 4, depthIdentifier: "det-cbor" })
      .map((members) => new Map(members)),
  ),
})).value;

test("det-CBOR is what cbor2 writes and reads under CDE, for any value of the subset", () => {
  fc.assert(
    fc.property(value, (any) => {
      const bytes = encodeCbor(any);
      expect(hex(bytes)).toBe(byCbor2(any));
      expect(decodeCbor(bytes)).toEqual(any);
      expect(hex(encodeCbor(decodeCbor(bytes)))).toBe(hex(bytes));
    }),
    { numRuns: 500 },
  );
});

test("what the decoder accepts, cbor2 accepts under CDE and writes back alike; mutated bytes are refused or canonical", () => {
  fc.assert(
    fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (any, at, mask) => {
      const bytes = encodeCbor(any);
      bytes[at % bytes.length]! ^= mask;
      const read = unlessRefused(() => decodeCbor(bytes));
      fc.pre(read !== undefined);
      expect(hex(encodeCbor(read))).toBe(hex(bytes));
      expect(byCbor2(decode(bytes, cdeDecodeOptions))).toBe(hex(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("random bytes are refused with a ProtocolError or are canonical", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), fc.boolean(), (bytes, negative) => {
      const again = unlessRefused(() => encodeCbor(decodeCbor(bytes, { negative }), { negative }));
      expect(again ?? bytes).toEqual(bytes);
    }),
    { numRuns: 5000 },
  );
});

test("content, digest and tag", () => {
  const lines = EXAMPLE.lines.map((line) => [line.label, line.value]);
  const content = encodeContent(EXAMPLE);
  expect(hex(content)).toBe(
    byCbor2(
      new Map<number, unknown>([
        [1, 1],
        [2, EXAMPLE.issuer],
        [3, EXAMPLE.kind],
        [4, lines],
      ]),
    ),
  );
  const digest = createHash("sha256").update("countersign/tx/v1\0").update(content).digest();
  expect(hex(txDigestOf(content))).toBe(hex(digest));
  const parts = [Buffer.from("countersign/tag/v1\0"), TX_ID, NONCE, digest];
  const bits = BigInt(`0x${createHash("sha256").update(Buffer.concat(parts)).digest("hex")}`) >> (256n - 22n);
  const words = [TAG_WORDS[Number(bits >> 11n)], TAG_WORDS[Number(bits & 2047n)]];
  expect(tagOf(TX_ID, NONCE, digest)).toBe(words.join(" "));
});

test("code and proof", () => {
  const txDigest = txDigestOf(encodeContent(EXAMPLE));
  const issue = Buffer.from("000000020000000300", "hex");
  const parts = [Buffer.from("countersign/code/v1\0"), SERVER_ID, TX_ID, NONCE, txDigest, issue];
  const word = createHmac("sha256", K_CODE).update(Buffer.concat(parts)).digest().readBigUInt64BE();
  const bound = { serverId: SERVER_ID, txId: TX_ID, nonce: NONCE, txDigest, issue: { epoch: 2, n: 3 } };
  const code = deriveCode(macKey(K_CODE), bound, 8);
  expect(code.reveal()).toBe((word % 100_000_000n).toString().padStart(8, "0"));
  const proof = createHmac("sha256", NONCE).update("countersign/proof/v1\0").update(txDigest).update(code.reveal());
  expect(hex(codeProofOf(NONCE, txDigest, code))).toBe(proof.digest("hex"));
});

test("statement, COSE_Sign1 and its signature", () => {
  const { version, serverId, txId, nonce, txDigest, codeProof, decision, ...rest } = APPROVAL;
  const scalars = [decision, rest.shown, rest.codeEntry, rest.userVerification, rest.counter];
  const members = [version, serverId, txId, nonce, txDigest, codeProof, ...scalars];
  const payload = encodeStatement(APPROVAL);
  expect(hex(payload)).toBe(byCbor2(new Map(members.map((member, i) => [i + 1, member]))));

  const key = vectorKey(1);
  const header = encode(
    new Map<number, unknown>([
      [1, -7],
      [4, KEY_ID],
      [16, SignatureType.STATEMENT],
    ]),
    cdeEncodeOptions,
  );
  const message = signMessage(SignatureType.STATEMENT, KEY_ID, payload, key.sign);
  const { signature } = parseSigned(message);
  expect(hex(message)).toBe(byCbor2([header, new Map(), payload, signature]));
  const x = Buffer.from(key.publicKey.subarray(10, 42)).toString("base64url");
  const y = Buffer.from(key.publicKey.subarray(45, 77)).toString("base64url");
  const jwk = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
  const signed = encode(["Signature1", header, new Uint8Array(), payload], cdeEncodeOptions);
  expect(verify("sha256", signed, { key: jwk, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
});

test("COSE_Key", () => {
  const [x, y] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const members: [number, unknown][] = [
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, x],
    [-3, y],
  ];
  expect(hex(coseKeyOf(x, y))).toBe(byCbor2(new Map(members)));
});

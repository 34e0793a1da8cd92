import { concatBytes, fromHex, toHex } from "../bytes.ts";
import { importPublicKey } from "../cose-key.ts";
import { parseSigned, SignatureType, signMessage, verifySigned } from "../cose.ts";
import { type CborValue, encodeCbor } from "../det-cbor.ts";
import { ProtocolError } from "../protocol-error.ts";
import { encodeStatement } from "../statement.ts";
import { counting, flipped, KEY_ID, otherSignature, vectorKey } from "./fixture.ts";
import { APPROVAL } from "./statement-vectors.ts";
import { type Named, type Refused, type Suite } from "./suite.ts";

interface Accept extends Named {
  readonly type: SignatureType;
  readonly publicKey: string;
  readonly message: string;
  readonly keyId: string;
  readonly payload: string;
  readonly signedBytes: string;
}

interface Reject extends Refused {
  readonly type: SignatureType;
  readonly publicKey: string;
  readonly message: string;
}

const key = vectorKey(1);
const stranger = vectorKey(2);
const payload = encodeStatement(APPROVAL);
const { STATEMENT, ENROLMENT, ATTESTATION, RECEIPT, AUDIT_HEAD } = SignatureType;
const signed = (type: SignatureType, body = payload): Uint8Array => signMessage(type, KEY_ID, body, key.sign);
const message = signed(STATEMENT);
const { signature } = parseSigned(message);

const ACCEPT: readonly (readonly [name: string, type: SignatureType, message: Uint8Array])[] = [
  ["a statement", STATEMENT, message],
  [
    "the same with n - s for s: as valid, so a signature is no identity",
    STATEMENT,
    envelope({ signature: otherSignature(signature) }),
  ],
  ["an enrolment", ENROLMENT, signed(ENROLMENT, counting(200))],
  ["an attestation", ATTESTATION, signed(ATTESTATION, counting(100))],
  ["a receipt", RECEIPT, signed(RECEIPT, counting(50))],
  ["an audit head", AUDIT_HEAD, signed(AUDIT_HEAD, counting(23))],
  ["an empty payload", STATEMENT, signed(STATEMENT, new Uint8Array())],
];

const zero = new Uint8Array(32);
const half = signature.slice(0, 32);
const order = fromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

const FALSE: readonly (readonly [name: string, message: Uint8Array, publicKey?: Uint8Array, type?: SignatureType])[] = [
  ["by another key", message, stranger.publicKey],
  ["a statement taken for an enrolment", message, key.publicKey, ENROLMENT],
  ["a statement taken for a receipt", message, key.publicKey, RECEIPT],
  ["an attestation taken for a statement", signed(ATTESTATION)],
  ["the signature of another type", envelope({ signature: parseSigned(signed(ENROLMENT)).signature })],
  ["the signature of another key id", envelope({ header: header({ kid: counting(16) }) })],
  ["the signature over another payload", envelope({ payload: flipped(payload, -1) })],
  ["a changed bit in r", envelope({ signature: flipped(signature, 0) })],
  ["a changed bit in s", envelope({ signature: flipped(signature, 63) })],
  ["r and s swapped", envelope({ signature: concatBytes(signature.slice(32), half) })],
  ["r of 0", envelope({ signature: concatBytes(zero, signature.slice(32)) })],
  ["s of 0", envelope({ signature: concatBytes(half, zero) })],
  ["r and s of 0", envelope({ signature: new Uint8Array(64) })],
  ["r of the group's order", envelope({ signature: concatBytes(order, signature.slice(32)) })],
  ["s of the group's order", envelope({ signature: concatBytes(half, order) })],
  ["all bits set", envelope({ signature: new Uint8Array(64).fill(0xff) })],
  ["the payload signed without the COSE structure", envelope({ signature: key.sign(payload) })],
];

const MALFORMED: readonly (readonly [name: string, because: string, message: Uint8Array])[] = [
  ["no bytes", "not-canonical", new Uint8Array()],
  ["a byte after the end", "not-canonical", concatBytes(message, Uint8Array.of(0))],
  ["a tag around it", "not-canonical", concatBytes(Uint8Array.of(0xd2), message)],
  ["not an array", "bad-signature-envelope", encodeCbor(new Map())],
  ["three members", "bad-signature-envelope", encodeCbor([header({}), new Map(), payload])],
  ["five members", "bad-signature-envelope", encodeCbor([header({}), new Map(), payload, signature, 0])],
  ["an unprotected header", "bad-signature-envelope", envelope({ open: new Map([[4, KEY_ID]]) })],
  ["a payload that is text", "bad-signature-envelope", envelope({ payload: "statement" })],
  ["a detached payload", "bad-signature-envelope", encodeCbor([header({}), new Map(), false, signature])],
  [
    "a signature in DER",
    "bad-signature-envelope",
    envelope({ signature: concatBytes(fromHex("30440220"), half, fromHex("0220"), half) }),
  ],
  ["a signature of 63 bytes", "bad-signature-envelope", envelope({ signature: signature.slice(1) })],
  ["no signature", "bad-signature-envelope", envelope({ signature: new Uint8Array() })],
  ["algorithm none", "bad-signature-envelope", envelope({ header: header({ alg: 0 }) })],
  ["algorithm EdDSA", "bad-signature-envelope", envelope({ header: header({ alg: -8 }) })],
  ["no algorithm", "bad-signature-envelope", envelope({ header: header({ alg: undefined }) })],
  ["no key id", "bad-signature-envelope", envelope({ header: header({ kid: undefined }) })],
  ["a key id of 8 bytes", "bad-signature-envelope", envelope({ header: header({ kid: counting(8) }) })],
  ["no type", "bad-signature-envelope", envelope({ header: header({ typ: undefined }) })],
  ["a foreign type", "bad-signature-envelope", envelope({ header: header({ typ: "application/jwt" }) })],
  ["a type in upper case", "bad-signature-envelope", envelope({ header: header({ typ: STATEMENT.toUpperCase() }) })],
  ["a critical header", "bad-signature-envelope", envelope({ header: header({ crit: [1] }) })],
  ["an empty protected header", "not-canonical", envelope({ header: new Uint8Array() })],
  [
    "a protected header that is not canonical",
    "not-canonical",
    envelope({ header: concatBytes(header({}), Uint8Array.of(0)) }),
  ],
];

const KEYS: readonly (readonly [name: string, publicKey: string])[] = [
  ["a key whose point is not on the curve", toHex(flipped(key.publicKey, -1))],
  ["a key at 0, 0", `${toHex(key.publicKey).slice(0, 20)}${"00".repeat(32)}225820${"00".repeat(32)}`],
  ["a key on P-384", toHex(key.publicKey).replace("2001", "2002")],
  ["a key for another algorithm", toHex(key.publicKey).replace("0326", "0327")],
  ["a key cut short", toHex(key.publicKey).slice(0, -2)],
  ["a key with a byte after it", `${toHex(key.publicKey)}00`],
];

/** COSE_Sign1 with a type, and the keys that verify it. */
export const signatureVectors: Suite<Accept, Reject> = {
  name: "signature",
  spec: "docs/protocol/code-and-statement.md section 6",
  about:
    "accept: `message` parses to `keyId` and `payload`, its signature over `signedBytes` holds under `publicKey` for " +
    "`type`. reject: it does not hold (`false-signature`), or message or key is malformed (an error code).",
  build: () => ({
    accept: ACCEPT.map(([name, type, bytes]) => {
      const parsed = parseSigned(bytes);
      const members = {
        keyId: toHex(parsed.keyId),
        payload: toHex(parsed.payload),
        signedBytes: toHex(parsed.signedBytes),
      };
      return { name, type, publicKey: toHex(key.publicKey), message: toHex(bytes), ...members };
    }),
    reject: [
      ...FALSE.map(([name, bytes, publicKey = key.publicKey, type = STATEMENT]) => {
        return { name, type, publicKey: toHex(publicKey), message: toHex(bytes), because: "false-signature" };
      }),
      ...MALFORMED.map(([name, because, bytes]) => {
        return { name, type: STATEMENT, publicKey: toHex(key.publicKey), message: toHex(bytes), because };
      }),
      ...KEYS.map(([name, publicKey]) => {
        return { name, type: STATEMENT, publicKey, message: toHex(message), because: "bad-key" };
      }),
    ],
  }),
  accept: (vector) => {
    const parsed = parseSigned(fromHex(vector.message));
    const holds = verifySigned(parsed, vector.type, importPublicKey(fromHex(vector.publicKey)));
    const signedBytes = holds ? toHex(parsed.signedBytes) : "false-signature";
    return { keyId: toHex(parsed.keyId), payload: toHex(parsed.payload), signedBytes };
  },
  reject: ({ type, publicKey, message: hex }) => {
    try {
      const verifier = importPublicKey(fromHex(publicKey));
      return verifySigned(parseSigned(fromHex(hex)), type, verifier) ? "accepted" : "false-signature";
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      throw error;
    }
  },
};

interface Header {
  readonly alg?: number | undefined;
  readonly crit?: CborValue;
  readonly kid?: Uint8Array | undefined;
  readonly typ?: string | undefined;
}

function header(change: Header): Uint8Array {
  const { alg, kid, typ, crit } = { alg: -7, kid: KEY_ID, typ: STATEMENT, ...change };
  const members = new Map<number, CborValue>();
  if (alg !== undefined) members.set(1, alg);
  if (crit !== undefined) members.set(2, crit);
  if (kid !== undefined) members.set(4, kid);
  if (typ !== undefined) members.set(16, typ);
  return encodeCbor(members, { negative: true });
}

interface Envelope {
  readonly header?: Uint8Array;
  readonly open?: CborValue;
  readonly payload?: CborValue;
  readonly signature?: Uint8Array;
}

function envelope(change: Envelope): Uint8Array {
  const parts = { header: header({}), open: new Map(), payload, signature, ...change };
  return encodeCbor([parts.header, parts.open, parts.payload, parts.signature]);
}

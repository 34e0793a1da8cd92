import { fromHex, toHex, utf8 } from "../bytes.ts";
import { codeProofOf } from "../code.ts";
import { encodeContent, txDigestOf } from "../content.ts";
import { ProtocolError } from "../protocol-error.ts";
import { hmacSha256, macKey } from "#platform";
import { EXAMPLE, OTHER } from "./content-vectors.ts";
import { counting, flipped, NONCE } from "./fixture.ts";
import { type Named, type Refused, sameOr, type Suite } from "./suite.ts";

interface Accept extends Named {
  readonly nonce: string;
  readonly txDigest: string;
  readonly code: string;
  readonly proof: string;
}

interface Reject extends Accept, Refused {}

const digest = txDigestOf(encodeContent(EXAMPLE));
const other = txDigestOf(encodeContent(OTHER));
const DOMAIN = utf8("countersign/proof/v1\0");
const right = codeProofOf(NONCE, digest, "042317");

const ACCEPT: readonly (readonly [name: string, nonce: Uint8Array, txDigest: Uint8Array, code: string])[] = [
  ["six digits with a leading zero", NONCE, digest, "042317"],
  ["ten digits", NONCE, digest, "0123456789"],
  ["another code", NONCE, digest, "042318"],
  ["other content", NONCE, other, "042317"],
  ["another nonce", counting(32), digest, "042317"],
];

type Row = readonly [name: string, because: string, code: string, proof: Uint8Array, nonce?: Uint8Array];

const REJECT: readonly Row[] = [
  ["the proof of another code", "differs", "042318", right],
  ["the proof for another nonce", "differs", "042317", right, counting(32)],
  ["the proof over other content", "differs", "042317", codeProofOf(NONCE, other, "042317")],
  ["key and message swapped", "differs", "042317", hmacSha256(macKey(digest), DOMAIN, NONCE, utf8("042317"))],
  ["without the domain", "differs", "042317", hmacSha256(macKey(NONCE), digest, utf8("042317"))],
  ["the code as a number", "differs", "042317", hmacSha256(macKey(NONCE), DOMAIN, digest, utf8("42317"))],
  ["a changed bit", "differs", "042317", flipped(right, 31)],
  ["cut to 16 bytes", "differs", "042317", right.slice(0, 16)],
  ["five digits", "bad-field", "42317", right],
  ["eleven digits", "bad-field", "04231704231", right],
  ["a letter", "bad-field", "04231a", right],
  ["a space", "bad-field", "042 317", right],
  ["Arabic-Indic digits", "bad-field", "\u0660\u0661\u0662\u0663\u0664\u0665", right],
  ["a nonce of 31 bytes", "bad-field", "042317", right, counting(31)],
];

/** What the statement carries instead of the code. */
export const proofVectors: Suite<Accept, Reject> = {
  name: "proof",
  spec: "docs/protocol/code-and-statement.md section 4",
  about: "accept: the proof is `proof`. reject: it is another one (`differs`), or an input is refused (`bad-field`).",
  build: () => ({
    accept: ACCEPT.map(([name, nonce, txDigest, code]) => {
      return { name, ...vectorOf(nonce, txDigest, code, codeProofOf(nonce, txDigest, code)) };
    }),
    reject: REJECT.map(([name, because, code, proof, nonce = NONCE]) => {
      return { name, ...vectorOf(nonce, digest, code, proof), because };
    }),
  }),
  accept: (vector) => ({ proof: proofFor(vector) }),
  reject: (vector) => {
    try {
      return sameOr(proofFor(vector), vector.proof);
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      throw error;
    }
  },
};

function vectorOf(nonce: Uint8Array, txDigest: Uint8Array, code: string, proof: Uint8Array): Omit<Accept, "name"> {
  return { nonce: toHex(nonce), txDigest: toHex(txDigest), code, proof: toHex(proof) };
}

function proofFor({ nonce, txDigest, code }: Accept): string {
  return toHex(codeProofOf(fromHex(nonce), fromHex(txDigest), code));
}

import { fromHex, toHex } from "../bytes.ts";
import { encodeContent, txDigestOf } from "../content.ts";
import { ProtocolError } from "../protocol-error.ts";
import { tagOf } from "../tag.ts";
import { EXAMPLE, OTHER } from "./content-vectors.ts";
import { counting, NONCE, TX_ID } from "./fixture.ts";
import { type Named, type Refused, sameOr, type Suite } from "./suite.ts";

interface Accept extends Named {
  readonly txId: string;
  readonly nonce: string;
  readonly txDigest: string;
  readonly tag: string;
}

interface Reject extends Accept, Refused {}

const digest = txDigestOf(encodeContent(EXAMPLE));
const other = txDigestOf(encodeContent(OTHER));
const tag = tagOf(TX_ID, NONCE, digest);

type Row = readonly [name: string, txId: Uint8Array, nonce: Uint8Array, txDigest: Uint8Array];

const ACCEPT: readonly Row[] = [
  ["a payment", TX_ID, NONCE, digest],
  ["another transaction", counting(16, 0x21), NONCE, digest],
  ["another nonce", TX_ID, counting(32, 0x81), digest],
  ["other content", TX_ID, NONCE, other],
  ["zeros", new Uint8Array(16), new Uint8Array(32), new Uint8Array(32)],
];

const REJECT: readonly (readonly [...Row, tag: string, because: string])[] = [
  ["words swapped", TX_ID, NONCE, digest, tag.split(" ").toReversed().join(" "), "differs"],
  ["lower case", TX_ID, NONCE, digest, tag.toLowerCase(), "differs"],
  ["joined by a hyphen", TX_ID, NONCE, digest, tag.replace(" ", "-"), "differs"],
  ["the tag of another transaction", counting(16, 0x21), NONCE, digest, tag, "differs"],
  ["the tag of other content", TX_ID, NONCE, other, tag, "differs"],
  ["an id of 15 bytes", counting(15), NONCE, digest, tag, "bad-field"],
  ["a nonce of 31 bytes", TX_ID, counting(31), digest, tag, "bad-field"],
  ["a digest of 33 bytes", TX_ID, NONCE, counting(33), tag, "bad-field"],
  ["a byte moved from the nonce to the id", counting(17, 0x20), counting(31, 0x81), digest, tag, "bad-field"],
];

/** The two words on every surface. */
export const tagVectors: Suite<Accept, Reject> = {
  name: "tag",
  spec: "docs/protocol/code-and-statement.md section 2",
  about: "accept: the tag is `tag`. reject: it is another (`differs`), or an input has the wrong length (`bad-field`).",
  build: () => ({
    accept: ACCEPT.map(([name, txId, nonce, txDigest]) => {
      return { name, ...hex(txId, nonce, txDigest), tag: tagOf(txId, nonce, txDigest) };
    }),
    reject: REJECT.map(([name, txId, nonce, txDigest, wrong, because]) => {
      return { name, ...hex(txId, nonce, txDigest), tag: wrong, because };
    }),
  }),
  accept: (vector) => ({ tag: tagFor(vector) }),
  reject: (vector) => {
    try {
      return sameOr(tagFor(vector), vector.tag);
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      throw error;
    }
  },
};

function hex(txId: Uint8Array, nonce: Uint8Array, txDigest: Uint8Array): Omit<Accept, "name" | "tag"> {
  return { txId: toHex(txId), nonce: toHex(nonce), txDigest: toHex(txDigest) };
}

function tagFor({ txId, nonce, txDigest }: Accept): string {
  return tagOf(fromHex(txId), fromHex(nonce), fromHex(txDigest));
}

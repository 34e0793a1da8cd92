import { concatBytes, fromHex, toHex, utf8 } from "../bytes.ts";
import { encodeContent, txDigestOf } from "../content.ts";
import { sha256 } from "#platform";
import { EXAMPLE, OTHER } from "./content-vectors.ts";
import { flipped } from "./fixture.ts";
import { type Named, type Refused, sameOr, type Suite } from "./suite.ts";

interface Accept extends Named {
  readonly content: string;
  readonly txDigest: string;
}

interface Reject extends Accept, Refused {}

const example = encodeContent(EXAMPLE);

const WRONG: readonly (readonly [name: string, txDigest: Uint8Array])[] = [
  ["of the content alone", sha256(example)],
  ["under the tag's domain", sha256(utf8("countersign/tag/v1\0"), example)],
  ["under another version's domain", sha256(utf8("countersign/tx/v2\0"), example)],
  ["without the zero byte of the domain", sha256(utf8("countersign/tx/v1"), example)],
  ["of the content, twice hashed", sha256(sha256(utf8("countersign/tx/v1\0"), example))],
  ["of other content", txDigestOf(encodeContent(OTHER))],
  ["of the content with a byte after it", txDigestOf(concatBytes(example, Uint8Array.of(0)))],
  ["of the content with a changed bit", txDigestOf(flipped(example, -1))],
  ["cut to 31 bytes", txDigestOf(example).slice(0, 31)],
];

/** Content to its digest. */
export const digestVectors: Suite<Accept, Reject> = {
  name: "digest",
  spec: "docs/protocol/content.md section 5",
  about: "accept: the digest of `content` is `txDigest`. reject: it is another one (`differs`).",
  build: () => ({
    accept: [
      { name: "a payment", content: toHex(example), txDigest: toHex(txDigestOf(example)) },
      {
        name: "the same payment to somebody else",
        content: toHex(encodeContent(OTHER)),
        txDigest: toHex(txDigestOf(encodeContent(OTHER))),
      },
    ],
    reject: WRONG.map(([name, txDigest]) => {
      return { name, content: toHex(example), txDigest: toHex(txDigest), because: "differs" };
    }),
  }),
  accept: ({ content }) => ({ txDigest: toHex(txDigestOf(fromHex(content))) }),
  reject: ({ content, txDigest }) => sameOr(toHex(txDigestOf(fromHex(content))), txDigest),
};

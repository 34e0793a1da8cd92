import { AUDIT_GENESIS } from "../audit/audit-entry.ts";
import { type AuditHead, openAuditHead, signAuditHead } from "../audit/audit-head.ts";
import { toHex, utf8 } from "../bytes.ts";
import { counting, SERVER_ID, vectorKey } from "./fixture.ts";
import type { Named, Refused, Suite } from "./suite.ts";

interface Accept extends Named {
  /** The line without its end. */
  readonly line: string;
  readonly number: number;
  readonly at: number;
  readonly root: string;
  /** What the next one names as its previous. */
  readonly hash: string;
}

interface Reject extends Refused {
  readonly line: string;
}

const core = vectorKey(4);
const pinned = { serverId: toHex(SERVER_ID), publicKeys: [vectorKey(5).publicKey, core.publicKey] };
const at = 1_795_371_400_000;
const heads = new Map([
  [7, { epoch: 1, seq: 2, hash: counting(32, 0x70) }],
  [1023, { epoch: 2, seq: 4_294_967_296, hash: counting(32, 0x90) }],
]);
const first: AuditHead = { at, number: 1, previous: AUDIT_GENESIS, heads };
const signed = (head: AuditHead, by = core.sign, serverId = pinned.serverId): string =>
  signAuditHead(head, serverId, by);

const FIRST = signed(first);
const ACCEPTED: readonly (readonly [string, string])[] = [
  ["the first", FIRST],
  [
    "one that follows",
    signed({ ...first, number: 2, previous: counting(32), heads: new Map([...heads, [0, heads.get(7)!]]) }),
  ],
  ["of an empty installation", signed({ ...first, heads: new Map() })],
  ["made by hand, without a number", signed({ ...first, number: 0 })],
  ["signed by a former key", signed(first, vectorKey(5).sign)],
  ["number 9 007 199 254 740 991", signed({ ...first, number: Number.MAX_SAFE_INTEGER })],
];

/** The text is what `change` makes of that of the first, and signed. */
function resigned(change: (text: string) => string): string {
  const text = change((JSON.parse(FIRST) as { readonly seal: string }).seal);
  return JSON.stringify({ seal: text, signature: toHex(core.sign(utf8(`countersign/audit-seal/v1\0${text}`))) });
}

const REFUSED: readonly (readonly [string, string, string])[] = [
  ["a signature of another key", "signature", signed(first, vectorKey(6).sign)],
  ["another installation", "installation", signed(first, core.sign, "00".repeat(16))],
  ["another number under the same signature", "signature", FIRST.replace('\\"number\\":1', '\\"number\\":2')],
  ["another root", "root", resigned((text) => text.replace(/"root":"../, '"root":"00'))],
  ["white space", "form", FIRST.replace('{"seal', '{ "seal')],
  ["signed white space", "form", resigned((text) => text.replace(",", ", "))],
  ["a member more", "form", FIRST.replace(/\}$/, ',"more":1}')],
  ["a shard that there is not", "form", resigned((text) => text.replace("[1023,", "[1024,"))],
  ["a chain without entries", "form", resigned((text) => text.replace("[7,1,2,", "[7,1,0,"))],
  ["heads out of order", "form", resigned((text) => text.replace(/(\[7.*?\]),(\[1023.*?\])/, "$2,$1"))],
  ["a number without what was before", "form", resigned((text) => text.replace(/"previous":".*?",/, ""))],
  ["no JSON", "form", "seal"],
];

/** Signed heads of the audit chains. */
export const auditHeadVectors: Suite<Accept, Reject> = {
  name: "audit-head",
  spec: "docs/protocol/audit.md section 5",
  about:
    "line is a signed head of server id 101112..1f, pinned with the public keys of vectorKey(5) and vectorKey(4) in " +
    "core/protocol/src/vector/fixture.ts. root is recomputed from the heads; hash is SHA-256 of the text.",
  build: () => ({
    accept: ACCEPTED.map(([name, line]) => ({ name, line, ...outputsOf(line) })),
    reject: REFUSED.map(([name, because, line]) => ({ name, because, line })),
  }),
  accept: ({ line }) => outputsOf(line),
  reject: ({ line }) => {
    const head = openAuditHead(line, pinned);
    return typeof head === "string" ? head : "accepted";
  },
};

function outputsOf(line: string) {
  const head = openAuditHead(line, pinned);
  if (typeof head === "string") throw new Error(head);
  return { number: head.number, at: head.at, root: toHex(head.root), hash: toHex(head.hash) };
}

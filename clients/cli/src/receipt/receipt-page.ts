import { createHash } from "node:crypto";
import { receiptNumberOf, toHex, txDigestOf, type ReceiptFinding } from "@countersign/protocol";
import { encode } from "uqr";
import { printable } from "../output/printable.ts";
import { NAMES } from "./names.ts";
import { type Language, WORDS, type Words } from "./receipt-words.ts";

/** A receipt that holds. */
export type Verified = Extract<ReceiptFinding, { readonly ok: true }>;

export interface PageGiven {
  readonly found: Verified;
  /** The receipt file's bytes: their SHA-256 is on the page. */
  readonly json: Uint8Array;
  readonly language: Language;
  /** When it was verified. */
  readonly at: Date;
}

const STYLE = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
@page { margin: 16mm 15mm; }
body { margin: 0 auto; padding: 1.5rem; max-width: 46rem; color: #111; background: #fff;
  font: 10.5pt/1.4 system-ui, "Noto Sans", "Noto Sans CJK SC", "Noto Sans Arabic", sans-serif; }
header { display: flex; gap: 1.5rem; justify-content: space-between; align-items: flex-start;
  border-block-end: 2px solid #111; padding-block-end: .75rem; }
h1 { font-size: 17pt; margin: 0 0 .3rem; } h1 .code { font-size: inherit; } h2 { font-size: 11.5pt; margin: 1.1rem 0 .2rem; break-after: avoid; }
p { margin: .25rem 0; } .state { font-size: 12.5pt; font-weight: 600; }
figure { margin: 0; text-align: center; flex: none; } figure svg { width: 32mm; height: 32mm; display: block; }
table { border-collapse: collapse; width: 100%; } tr { break-inside: avoid; border-block-end: 1px solid #ccc; }
th, td { text-align: start; vertical-align: top; padding: .2rem 0; overflow-wrap: anywhere; }
th { width: 12rem; padding-inline-end: 1rem; font-weight: 500; color: #444; }
.what td { font-size: 11.5pt; font-variant-numeric: tabular-nums; }
.code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 9pt; direction: ltr; unicode-bidi: isolate; }
.note { border-inline-start: 4px solid #111; padding-inline-start: .6rem; font-weight: 600; }
.again { break-inside: avoid; }
@media print { body { padding: 0; max-width: none; } }
`;

/** A page to print: HTML that stands alone, without script and without anything from elsewhere. */
export function receiptPage({ found, json, language, at }: PageGiven): string {
  const words = WORDS[language];
  const { receipt, content } = found;
  const number = receiptNumberOf(receipt.txId, txDigestOf(receipt.content));
  const names = NAMES[language];
  const digest = createHash("sha256").update(json).digest("hex");
  const title = `${words.receipt} ${number}`;
  const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`;
  const lines = content.lines.map(({ label, value }) => row(names.label[label], value));
  return `<!doctype html>
<html lang="${language}" dir="${language === "ar" ? "rtl" : "ltr"}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<div>
<h1>${escaped(words.receipt)} <span class="code">${number}</span></h1>
<p class="state">${receipt.state === "EXECUTED" ? "✔ " : ""}${escaped(words.state[receipt.state])}</p>
<p>${escaped(words.issuer)}: <bdi>${shown(content.issuer)}</bdi></p>
<p>${escaped(words.time)}: ${code(receipt.time)}</p>
</div>
<figure>${qrOf(`countersign-receipt ${number} sha256 ${digest}`, words.qr)}</figure>
</header>
<section>
<h2>${escaped(words.what)}: ${escaped(names.kind[content.kind])}</h2>
<table class="what">
${lines.join("\n")}
</table>
</section>
<section>
<h2>${escaped(words.who)}</h2>
<table>
${whoRows(found, words).join("\n")}
</table>
${weaknessOf(found, words)}</section>
<section class="again">
<h2>${escaped(words.again)}</h2>
<p>${escaped(words.checked)}: ${code(secondsOf(at))}. ${escaped(words.holds)}</p>
<p>${escaped(words.paper)}</p>
<table>
${proofRows(found, words, digest).join("\n")}
</table>
<p>${code(`countersign verify receipt-${number}.json`)}</p>
</section>
</main>
</body>
</html>
`;
}

function whoRows({ receipt, approvers }: Verified, words: Words): string[] {
  const key = (keyId: Uint8Array): string => `${escaped(words.key)} ${code(toHex(keyId))}`;
  const { approvals } = receipt;
  if (approvals === undefined) return [plainRow(words.signer, key(receipt.key.keyId))];
  const person = (user: string, keyId: Uint8Array): string => `<bdi>${shown(user)}</bdi>, ${key(keyId)}`;
  return [
    plainRow(words.askedBy, person(approvals.user, receipt.key.keyId)),
    ...approvers.map(({ user, keyId }) => plainRow(words.approvedBy, person(user, keyId))),
  ];
}

/** What makes a proof weaker, of whoever it is. */
function weaknessOf({ proof, approvers }: Verified, words: Words): string {
  const weak = [proof, ...approvers.map((approver) => approver.proof)].filter((one) => one.kind === "assertion");
  if (weak.length === 0) return "";
  const isCopied = weak.some((one) => one.kind === "assertion" && one.backupEligible);
  return `<p class="note">${escaped(words.weaker)}${isCopied ? `, ${escaped(words.copied)}` : ""}</p>\n`;
}

function proofRows({ receipt }: Verified, words: Words, digest: string): string[] {
  const { audit } = receipt;
  const place =
    audit === "pending" ? escaped(words.auditPending) : code(`shard ${audit.shard} · ${audit.epoch}.${audit.seq}`);
  return [
    plainRow(words.fileDigest, code(digest)),
    plainRow(words.transaction, code(toHex(receipt.txId))),
    plainRow(words.digest, code(toHex(txDigestOf(receipt.content)))),
    plainRow(words.core, code(toHex(receipt.serverId))),
    plainRow(words.audit, place),
  ];
}

function row(label: string, value: string): string {
  return plainRow(label, `<bdi>${shown(value)}</bdi>`);
}

/** `html` is escaped already. */
function plainRow(label: string, html: string): string {
  return `<tr><th scope="row">${escaped(label)}</th><td>${html}</td></tr>`;
}

function code(text: string): string {
  return `<span class="code">${escaped(text)}</span>`;
}

function shown(text: string): string {
  return escaped(printable(text));
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

function secondsOf(at: Date): string {
  return at.toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** As one path: every dark module a square of it. */
function qrOf(text: string, name: string): string {
  const { size, data } = encode(text, { ecc: "M", border: 2 });
  const dark = data.flatMap((cells, y) => cells.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")));
  return (
    `<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${escaped(name)}" shape-rendering="crispEdges">` +
    `<path d="${dark.join("")}" fill="#000"/></svg>`
  );
}

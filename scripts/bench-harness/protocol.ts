// What the pure protocol costs, step by step: fields to lines, content, digest, tag, code, proof, statement, COSE,
// verification. CPU time of this process; median, least and most of interleaved rounds.
//
//   node --conditions=source scripts/bench-harness/protocol.ts [--json] [--rounds 9]
import { parseArgs } from "node:util";
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { cpus } from "node:os";
import {
  CodeEntry,
  codeProofOf,
  coseKeyOfJwk,
  Decision,
  decodeContent,
  decodeStatement,
  deriveCode,
  encodeContent,
  encodeStatement,
  type Field,
  importPublicKey,
  Kind,
  Label,
  macKey,
  parseSigned,
  renderContent,
  renderFields,
  Shown,
  SignatureType,
  signMessage,
  type Statement,
  tagOf,
  txDigestOf,
  UserVerification,
  verifySigned,
} from "@countersign/protocol";

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "9" } },
});

const serverId = new Uint8Array(16).fill(1);
const txId = new Uint8Array(16).fill(2);
const nonce = new Uint8Array(32).fill(3);
const kCode = macKey(new Uint8Array(32).fill(4));
const issue = { epoch: 1, n: 1 };

const fields: Field[] = [
  { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125_000n } } },
  { label: Label.TO, value: { type: "text", text: "Müller GmbH" } },
  { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
  { label: Label.REFERENCE, value: { type: "text", text: "Invoice 2026-114" } },
  { label: Label.DATE, value: { type: "date", date: "2026-11-30" } },
];
const cyrillic: Field[] = [
  ...fields.slice(0, 3),
  { label: Label.REFERENCE, value: { type: "text", text: "Счёт номер 114" } },
];

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const verifier = importPublicKey(coseKeyOfJwk(publicKey.export({ format: "jwk" })));
const rawSign = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" }));

const lines = renderFields(Kind.PAY, fields);
const content = { version: 1, issuer: "Musterbank", kind: Kind.PAY, lines };
const contentBytes = encodeContent(content);
const txDigest = txDigestOf(contentBytes);
const code = deriveCode(kCode, { serverId, txId, nonce, txDigest, issue }, 8);
const statement: Statement = {
  version: 1,
  serverId,
  txId,
  nonce,
  txDigest,
  codeProof: codeProofOf(nonce, txDigest, code),
  decision: Decision.APPROVE,
  shown: Shown.ALL,
  codeEntry: CodeEntry.KEY,
  userVerification: UserVerification.PIN,
  counter: 7,
};
const statementBytes = encodeStatement(statement);
const message = signMessage(SignatureType.STATEMENT, serverId, statementBytes, rawSign);
const signature = parseSigned(message);

/** Name, calls a round, one call. The last two rows are the limit: node:crypto alone. */
const STEPS: readonly (readonly [name: string, calls: number, run: () => unknown])[] = [
  ["render 5 fields", 20_000, () => renderFields(Kind.PAY, fields)],
  ["render 4 fields, one Cyrillic", 20_000, () => renderFields(Kind.PAY, cyrillic)],
  ["encode content", 20_000, () => encodeContent(content)],
  ["render and encode in one go", 20_000, () => renderContent("Musterbank", Kind.PAY, fields)],
  ["decode content (all checks)", 10_000, () => decodeContent(contentBytes)],
  ["digest", 50_000, () => txDigestOf(contentBytes)],
  ["tag", 50_000, () => tagOf(txId, nonce, txDigest)],
  ["derive a code of 8 digits", 20_000, () => deriveCode(kCode, { serverId, txId, nonce, txDigest, issue }, 8)],
  ["code proof", 20_000, () => codeProofOf(nonce, txDigest, code)],
  ["encode a statement", 20_000, () => encodeStatement(statement)],
  ["decode a statement", 20_000, () => decodeStatement(statementBytes)],
  ["parse COSE_Sign1", 20_000, () => parseSigned(message)],
  ["verify COSE_Sign1", 2_000, () => verifySigned(signature, SignatureType.STATEMENT, verifier)],
  ["the core's share of one transaction", 1_500, coreShare],
  ["limit: node:crypto verify alone", 2_000, bareVerify],
];

function coreShare(): void {
  const digest = txDigestOf(renderContent("Musterbank", Kind.PAY, fields).bytes);
  tagOf(txId, nonce, digest);
  const issued = deriveCode(kCode, { serverId, txId, nonce, txDigest: digest, issue }, 8);
  const parsed = parseSigned(message);
  if (!verifySigned(parsed, SignatureType.STATEMENT, verifier)) throw new Error("the signature does not hold");
  decodeStatement(parsed.payload);
  codeProofOf(nonce, digest, issued);
}

function bareVerify(): void {
  const key = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
  if (!verify("sha256", signature.signedBytes, key, signature.signature))
    throw new Error("the signature does not hold");
}

/** CPU microseconds of one call. */
function measure(calls: number, run: () => unknown): number {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const rounds = Number(options.rounds);
const samples = STEPS.map((): number[] => []);
for (const [, calls, run] of STEPS) measure(Math.max(5_000, calls / 4), run);
for (let round = 0; round < rounds; round++) {
  for (const [i, [, calls, run]] of STEPS.entries()) samples[i]?.push(measure(calls, run));
}
const rows = STEPS.map(([name], i) => {
  const sorted = (samples[i] ?? []).toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2));
  return { step: name, medianMicros: at(0.5), least: at(0), most: at(1) };
});
const host = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, rounds };
const sizes = { content: contentBytes.length, statement: statementBytes.length, message: message.length };

if (options.json) {
  console.log(JSON.stringify({ bench: "protocol", host, sizes, rows }));
} else {
  console.log(`protocol, CPU µs a call; Node ${host.node}, ${host.cpu}, ${host.cores} cores, ${rounds} rounds`);
  for (const { step, medianMicros, least, most } of rows) {
    const figures = [medianMicros, least, most].map((figure) => figure.toFixed(2).padStart(8)).join("");
    console.log(`${step.padEnd(38)}${figures}`);
  }
  console.log(`bytes: content ${sizes.content}, statement ${sizes.statement}, message ${sizes.message}`);
}

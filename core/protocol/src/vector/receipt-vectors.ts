import { encodeAssertion } from "../assertion.ts";
import { toBase64url } from "../base64url.ts";
import { buildReceipt } from "../build-receipt.ts";
import { fromHex, toHex, utf8 } from "../bytes.ts";
import { encodeContent, txDigestOf } from "../content.ts";
import { signMessage, SignatureType } from "../cose.ts";
import { ClientDataType, fidoChallengeOf, fidoKeyIdOf, nativeClientData } from "../fido.ts";
import { decodeFidoCredential, encodeFidoCredential, type FidoCredential } from "../fido-credential.ts";
import { type Receipt, type ReceiptApproval, receiptNumberOf } from "../receipt.ts";
import { encodeStatement, type Statement } from "../statement.ts";
import { verifyReceipt } from "../verify-receipt.ts";
import { assertionOf } from "./assertion-vectors.ts";
import { EXAMPLE, OTHER } from "./content-vectors.ts";
import { ATTESTATION } from "./enrolment-vectors.ts";
import { CREDENTIAL_ID, FIDO_APPROVAL, RP_ID } from "./fido-vectors.ts";
import { CORE_KEY_ID, counting, KEY_ID, SERVER_ID, TX_ID, vectorKey } from "./fixture.ts";
import { APPROVAL } from "./statement-vectors.ts";
import { type Named, type Refused, type Suite } from "./suite.ts";

interface Pinned {
  readonly serverId: string;
  readonly publicKeys: readonly string[];
}

interface Accept extends Named {
  readonly pinned: Pinned;
  /** The file's text. */
  readonly json: string;
  readonly state: string;
  readonly number: string;
  /** `statement`, or `assertion`: weaker, the code was typed on the PC. */
  readonly proof: string;
}

interface Reject extends Refused {
  readonly pinned: Pinned;
  readonly json: string;
}

const key = vectorKey(1);
const core = vectorKey(4);
const former = vectorKey(5);
const PINNED: Pinned = { serverId: toHex(SERVER_ID), publicKeys: [toHex(former.publicKey), toHex(core.publicKey)] };
const content = encodeContent(EXAMPLE);

const statement = (change: Partial<Statement> = {}): Uint8Array => {
  const payload = encodeStatement({ ...APPROVAL, ...change });
  return signMessage(SignatureType.STATEMENT, KEY_ID, payload, key.sign);
};
const EXECUTED: Receipt = {
  serverId: SERVER_ID,
  txId: TX_ID,
  state: "EXECUTED",
  time: "2026-11-30T14:31:46Z",
  content,
  signedStatement: statement(),
  key: { keyId: KEY_ID, publicKey: key.publicKey, attestation: ATTESTATION },
  audit: "pending",
};
const position = { shard: 1023, epoch: 1, seq: 42, entry: counting(32, 0x70) };
const head = signMessage(SignatureType.AUDIT_HEAD, CORE_KEY_ID, counting(40), core.sign);
const file = (change: Partial<Receipt> = {}, by = core): string => {
  return new TextDecoder().decode(buildReceipt({ ...EXECUTED, ...change }, CORE_KEY_ID, by.sign));
};
const FILE = file();
const { codeProof: _, ...noProof } = APPROVAL;
const rejected = encodeStatement({ ...noProof, decision: 2, reason: 1 });
const signedReject = signMessage(SignatureType.STATEMENT, KEY_ID, rejected, key.sign);

const fidoKey = vectorKey(7);
const attested = encodeFidoCredential({
  rpId: RP_ID,
  credentialId: CREDENTIAL_ID,
  attestationObject: counting(40),
  clientDataJson: utf8("{}"),
});
const FIDO_KEY = { keyId: fidoKeyIdOf(RP_ID, CREDENTIAL_ID), publicKey: fidoKey.publicKey, attestation: attested };
const asserted = (change: Parameters<typeof assertionOf>[0] = {}, enrolled: Partial<Receipt["key"]> = {}): string =>
  file({ signedStatement: encodeAssertion(assertionOf(change)), key: { ...FIDO_KEY, ...enrolled } });
const over = (change: Partial<Statement>): string => {
  const other = encodeStatement({ ...FIDO_APPROVAL, ...change });
  const clientDataJson = nativeClientData(ClientDataType.GET, fidoChallengeOf(other));
  return asserted({ statement: other, clientDataJson });
};
const registered = (change: Partial<FidoCredential>): Partial<Receipt["key"]> => ({
  attestation: encodeFidoCredential({ ...decodeFidoCredential(attested), ...change }),
});
const plainData = assertionOf().authenticatorData;

const TREASURER = vectorKey(2);
const DIRECTOR = vectorKey(3);
const approval = (user: string, by: typeof key, at: number, change: Partial<Statement> = {}): ReceiptApproval => {
  const [keyId, txId] = [counting(16, at), counting(16, at + 16)];
  const payload = encodeStatement({ ...APPROVAL, txId, nonce: counting(32, at), ...change });
  const signedStatement = signMessage(SignatureType.STATEMENT, keyId, payload, by.sign);
  return { user, txId, signedStatement, key: { keyId, publicKey: by.publicKey, attestation: new Uint8Array() } };
};
const TREASURERS = approval("treasurer", TREASURER, 0x80);
const DIRECTORS = approval("director", DIRECTOR, 0xc0);
const together = (given: readonly ReceiptApproval[], needed = 2, user = "erika"): string =>
  file({ approvals: { user, needed, given } });
const SEVERAL = together([TREASURERS, DIRECTORS]);
const rejectedToo = encodeStatement({ ...noProof, txId: DIRECTORS.txId, decision: 2, reason: 1 });

const ACCEPT: readonly (readonly [name: string, json: string])[] = [
  ["executed, audit pending", FILE],
  ["executed, with an audit position", file({ audit: position })],
  ["executed, with a signed audit head", file({ audit: { ...position, head } })],
  ["confirmed", file({ state: "CONFIRMED" })],
  ["execution failed", file({ state: "EXECUTION_FAILED" })],
  ["execution unknown", file({ state: "EXECUTION_UNKNOWN" })],
  ["a key without attestation", file({ key: { ...EXECUTED.key, attestation: new Uint8Array() } })],
  ["countersigned by a former key", file({}, former)],
  ["confirmed with a FIDO2 key", asserted()],
  ["confirmed by two others as well", SEVERAL],
  ["confirmed by more others than it took", together([TREASURERS, DIRECTORS], 1)],
];

type Row = readonly [name: string, part: string, json: string, pinned?: Pinned];

const swap = (from: string, to: string): string => {
  if (FILE.split(from).length !== 2) throw new Error(`${from} does not occur once`);
  return FILE.replace(from, to);
};
const member = (name: string): string => new RegExp(`"${name}": "([^"]+)"`).exec(FILE)![1]!;
const altered = (text: string, at: number): string => {
  const other = text.at(at) === "A" ? "B" : "A";
  return text.slice(0, at) + other + text.slice(at + 1);
};

const REJECT: readonly Row[] = [
  ["no bytes", "format", ""],
  ["not JSON", "format", "receipt"],
  ["a JSON array", "format", "[]"],
  ["another format", "format", swap("countersign-receipt/1", "countersign-receipt/2")],
  ["no newline at the end", "format", FILE.trimEnd()],
  ["a space more", "format", swap('"state": ', '"state":  ')],
  ["a further member", "format", swap('"state"', '"note": "x",\n  "state"')],
  ["a duplicate member", "format", swap('"state"', '"state": "EXECUTED",\n  "state"')],
  ["an escape in a string", "format", swap("EXECUTED", String.raw`\u0045XECUTED`)],
  ["a byte order mark", "format", `\ufeff${FILE}`],
  ["a server id in upper case", "serverId", swap(member("serverId"), "1A".repeat(16))],
  ["a short transaction id", "txId", swap(member("txId"), "20")],
  ["padding in base64url", "content", swap(member("content"), `${member("content")}=`)],
  ["a state before confirmation", "state", swap("EXECUTED", "PENDING")],
  ["a time that does not exist", "time", swap("2026-11-30T", "2026-11-31T")],
  ["a time with a zone", "time", swap("14:31:46Z", "14:31:46+01:00")],
  ["another installation", "serverId", FILE, { ...PINNED, serverId: toHex(counting(16)) }],
  ["no pinned key", "core", FILE, { ...PINNED, publicKeys: [] }],
  ["countersigned by a stranger", "core", file({}, vectorKey(6))],
  ["a countersignature of another type", "core", coreMessage(SignatureType.STATEMENT)],
  ["a countersignature over something else", "core", coreMessage(SignatureType.RECEIPT)],
  ["another core key id", "core", swap(toHex(CORE_KEY_ID), toHex(counting(16)))],
  ["a changed countersignature", "core", swap(member("countersignature"), altered(member("countersignature"), -9))],
  ["a changed transaction id", "txId", swap(member("txId"), toHex(counting(16)))],
  ["a changed state", "state", swap("EXECUTED", "EXECUTION_FAILED")],
  ["a changed time", "time", swap("14:31:46", "14:31:47")],
  ["other content", "content", swap(member("content"), fromOther())],
  ["a changed statement", "signedStatement", swap(member("signedStatement"), altered(member("signedStatement"), -9))],
  ["another key id", "key", swap(toHex(KEY_ID), toHex(counting(16)))],
  ["another public key", "key", swap(member("publicKey"), altered(member("publicKey"), 40))],
  ["a changed attestation", "key", swap(member("attestation"), altered(member("attestation"), 40))],
  ["a changed audit position", "audit", file({ audit: position }).replace('"seq": 42', '"seq": 43')],
  ["a pending position made up", "audit", swap('"pending"', '"later"')],
  ["content that the key did not sign", "signedStatement", file({ content: encodeContent(OTHER) })],
  ["content that is not canonical", "content", file({ content: Uint8Array.of(0xa0) })],
  [
    "a statement for another transaction",
    "signedStatement",
    file({ signedStatement: statement({ txId: counting(16) }) }),
  ],
  [
    "a statement for another installation",
    "signedStatement",
    file({ signedStatement: statement({ serverId: counting(16) }) }),
  ],
  [
    "a statement over another digest",
    "signedStatement",
    file({ signedStatement: statement({ txDigest: counting(32) }) }),
  ],
  ["a signed reject", "signedStatement", file({ signedStatement: signedReject })],
  ["a statement by another key", "signedStatement", file({ key: { ...EXECUTED.key, publicKey: core.publicKey } })],
  ["an attestation as statement", "signedStatement", file({ signedStatement: ATTESTATION })],
  ["a statement as attestation", "key", file({ key: { ...EXECUTED.key, attestation: statement() } })],
  ["an assertion by another key", "signedStatement", asserted({}, { publicKey: key.publicKey })],
  ["an assertion over another digest", "signedStatement", over({ txDigest: counting(32) })],
  ["an assertion for another transaction", "signedStatement", over({ txId: counting(16) })],
  ["an assertion over a statement that says it was shown", "signedStatement", over({ shown: 1 })],
  ["an assertion over another statement than it shows", "signedStatement", asserted({ statement: counting(80) })],
  ["an assertion without a touch", "signedStatement", asserted({ authenticatorData: withFlags(0x04) })],
  ["an assertion without user verification", "signedStatement", asserted({ authenticatorData: withFlags(0x01) })],
  ["an assertion that names another key", "signedStatement", asserted({ keyId: counting(16) })],
  ["an assertion for another relying party", "key", asserted({}, registered({ rpId: "bank.example" }))],
  ["another credential", "key", asserted({}, registered({ credentialId: counting(16) }))],
  ["a FIDO2 key without its registration", "key", asserted({}, { attestation: new Uint8Array() })],
  ["a FIDO2 key with another key's attestation", "key", asserted({}, { attestation: ATTESTATION })],
  ["a statement with a FIDO2 key's registration", "key", file({ key: { ...EXECUTED.key, attestation: attested } })],
  ["fewer approvals than it takes", "approvals", together([TREASURERS])],
  ["approvals of which none is needed", "approvals", together([TREASURERS], 0)],
  ["one approver twice", "approvals", together([TREASURERS, { ...DIRECTORS, user: "treasurer" }])],
  ["the approval of who asked", "approvals", together([TREASURERS, { ...DIRECTORS, user: "erika" }])],
  ["one key of two approvers", "approvals", together([TREASURERS, approval("director", TREASURER, 0xc0)])],
  ["an approval by the key of who asked", "approvals", together([TREASURERS, approval("director", key, 0xc0)])],
  ["one approval twice", "approvals", together([TREASURERS, { ...TREASURERS, user: "director" }])],
  [
    "the statement of who asked as an approval",
    "approvals",
    together([TREASURERS, { ...DIRECTORS, signedStatement: EXECUTED.signedStatement, key: EXECUTED.key }]),
  ],
  [
    "an approval over other content",
    "approvals",
    together([TREASURERS, approval("director", DIRECTOR, 0xc0, { txDigest: counting(32) })]),
  ],
  [
    "an approval of another transaction",
    "approvals",
    together([TREASURERS, approval("director", DIRECTOR, 0xc0, { txId: counting(16) })]),
  ],
  [
    "a signed reject among the approvals",
    "approvals",
    together([
      TREASURERS,
      {
        ...DIRECTORS,
        signedStatement: signMessage(SignatureType.STATEMENT, DIRECTORS.key.keyId, rejectedToo, DIRECTOR.sign),
      },
    ]),
  ],
  ["another approver than was countersigned", "approvals", SEVERAL.replace('"director"', '"auditor"')],
  ["fewer needed than was countersigned", "approvals", SEVERAL.replace('"needed": 2', '"needed": 1')],
  ["the approvals left out", "core", withoutApprovals(SEVERAL)],
  [
    "an audit head by a stranger",
    "audit",
    file({ audit: { ...position, head: signMessage(SignatureType.AUDIT_HEAD, CORE_KEY_ID, counting(40), key.sign) } }),
  ],
];

/** The proof that outlives the core. */
export const receiptVectors: Suite<Accept, Reject> = {
  name: "receipt",
  spec: "docs/protocol/receipt.md",
  about:
    "accept: the file `json` verifies against `pinned`, has this `state`, the short `number` and this `proof`. reject: it fails, and " +
    "the part named first is `because`.",
  build: () => ({
    accept: ACCEPT.map(([name, json]) => ({ name, pinned: PINNED, json, ...findingOf(json, PINNED) })),
    reject: REJECT.map(([name, because, json, pinned = PINNED]) => ({ name, pinned, json, because })),
  }),
  accept: ({ json, pinned }) => findingOf(json, pinned),
  reject: ({ json, pinned }) => {
    const finding = verify(json, pinned);
    return finding.ok ? "accepted" : finding.part;
  },
};

function verify(json: string, { serverId, publicKeys }: Pinned): ReturnType<typeof verifyReceipt> {
  return verifyReceipt(utf8(json), { serverId: fromHex(serverId), publicKeys: publicKeys.map(fromHex) });
}

function findingOf(json: string, pinned: Pinned): Pick<Accept, "state" | "number" | "proof"> {
  const finding = verify(json, pinned);
  if (!finding.ok) return { state: `${finding.part}: ${finding.why}`, number: "", proof: "" };
  const { txId, state } = finding.receipt;
  const number = receiptNumberOf(txId, txDigestOf(finding.receipt.content));
  return { state, number, proof: finding.proof.kind };
}

function withFlags(flags: number): Uint8Array {
  const bytes = plainData.slice();
  bytes[32] = flags;
  return bytes;
}

function coreMessage(type: SignatureType): string {
  const other = signMessage(type, CORE_KEY_ID, counting(10), core.sign);
  const text = new TextDecoder().decode(buildReceipt(EXECUTED, CORE_KEY_ID, core.sign));
  const found = /"countersignature": "([^"]+)"/.exec(text)![1]!;
  return text.replace(found, toBase64url(other));
}

function fromOther(): string {
  return /"content": "([^"]+)"/.exec(file({ content: encodeContent(OTHER) }))![1]!;
}

/** The same file as if its user alone had confirmed. */
function withoutApprovals(json: string): string {
  const { approvals: _left, ...rest } = JSON.parse(json) as { readonly approvals: unknown };
  return `${JSON.stringify(rest, null, 2)}\n`;
}

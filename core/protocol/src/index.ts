// The public API of @countersign/protocol. Bytes: docs/protocol/*.md; vectors: ../vectors.
export { type Account, parseAccount, renderAccount } from "./account.ts";
export { type Amount, amountOf, parseAmount, renderAmount } from "./amount.ts";
export { type Assertion, decodeAssertion, decodeFidoStatement, encodeAssertion, isAssertion } from "./assertion.ts";
export {
  type Attestation,
  attestationChallengeFor,
  decodeAttestation,
  deviceChallengeFor,
  encodeAttestation,
} from "./attestation.ts";
export {
  AUDIT_GENESIS,
  decodeAuditEntry,
  encodeAuditEntry,
  type EntryContent,
  type EntryEvent,
  hashAuditEntry,
} from "./audit/audit-entry.ts";
export { type AuditFault, describeAuditFault, type EntryFaultReason } from "./audit/audit-fault.ts";
export {
  AUDIT_HEAD_TYPE,
  type AuditHead,
  describeHeadFault,
  hashOfAuditHead,
  type HeadFault,
  openAuditHead,
  type OpenedHead,
  type PinnedSealer,
  signAuditHead,
} from "./audit/audit-head.ts";
export {
  AUDIT_SHARDS,
  type ChainHead,
  ChainHeads,
  HEAD_NODES,
  headNodeOf,
  HEADS_PER_NODE,
} from "./audit/chain-heads.ts";
export { ExpectedPlaces } from "./audit/expected-places.ts";
export { ExportCheck, type ExportReport } from "./audit/export-check.ts";
export {
  AUDIT_EXPORT_TYPE,
  endLine,
  entryLine,
  type ExportEnd,
  type ExportHeader,
  type ExportPart,
  headerLine,
  opaqueLine,
  partLine,
  type Place,
  readExportLine,
} from "./audit/export-line.ts";
export { HeadBook, type Mark, type NamedHead } from "./audit/head-book.ts";
export { quote } from "./audit/json-text.ts";
export { fromBase64url, toBase64url } from "./base64url.ts";
export { buildReceipt } from "./build-receipt.ts";
export { concatBytes, equalBytes, fromHex, toHex, utf8 } from "./bytes.ts";
export { checkDate } from "./calendar-date.ts";
export { Code, type CodeBinding, codeDeriver, codeProofOf, codeProver, deriveCode, type Issue } from "./code.ts";
export {
  commandFields,
  commandLines,
  type CommandRun,
  digestOfCommand,
  ONCE_LENGTH,
  parseCommandLines,
  type Program,
  type ShownCommand,
} from "./command/command-lines.ts";
export { readText, showText } from "./command/shown-text.ts";
export {
  checkIssuer,
  type Content,
  CONTENT_VERSION,
  decodeContent,
  encodeContent,
  MAX_CONTENT,
  MAX_ISSUER_COLUMNS,
  renderContent,
  txDigestOf,
} from "./content.ts";
export { COSE_KEY_LENGTH, coseKeyOf, coseKeyOfJwk, fingerprintOf, importPublicKey } from "./cose-key.ts";
export { parseSigned, SignatureType, type SignedMessage, signMessage, verifySigned } from "./cose.ts";
export { currencies, exponentOf } from "./currency.ts";
export { AuthFlag, type AuthenticatorData } from "./authenticator-data.ts";
export { type ClientData, parseClientData } from "./client-data.ts";
export { type CborOptions, type CborValue, decodeCbor, encodeCbor } from "./det-cbor.ts";
export { digitsProofOf } from "./digits-proof.ts";
export { decodeEnrolment, encodeEnrolment, type Enrolment, MAX_DEVICE_NAME } from "./enrolment.ts";
export type { Field, FieldValue, Line } from "./field.ts";
export {
  checkRpId,
  ClientDataType,
  EMULATOR_AAGUID,
  fidoChallengeOf,
  fidoKeyIdOf,
  MAX_CREDENTIAL_ID,
  NATIVE_ORIGIN,
  nativeClientData,
  nativeRpIdOf,
} from "./fido.ts";
export {
  decodeFidoCredential,
  encodeFidoCredential,
  type FidoCredential,
  MAX_ATTESTATION_OBJECT,
  MAX_CLIENT_DATA,
} from "./fido-credential.ts";
export { isCoreKind, isKind, Kind, kindName, REGISTRY_VERSION, requiredLabels } from "./kind.ts";
export { isLabel, isRepeatable, isReservedLabel, Label, labelName, type ValueType, valueTypeOf } from "./label.ts";
export { MAX_VALUE, parseLine } from "./line.ts";
export { Mode } from "./mode.ts";
export type { MacKey, PublicKey } from "./platform.ts";
export { ProtocolError, type ProtocolErrorCode, type ProtocolErrorDetail } from "./protocol-error.ts";
export {
  CLIENT_STATUS,
  type ClientClass,
  clientClassOf,
  type Reason,
  type ReasonRow,
  REASONS,
  type StatusName,
  statusOf,
} from "./reason.ts";
export {
  type AuditPosition,
  type Receipt,
  RECEIPT_STATES,
  type ReceiptApproval,
  type ReceiptApprovals,
  type ReceiptKey,
  receiptNumberOf,
  type ReceiptPart,
  type ReceiptState,
} from "./receipt.ts";
export type { Approver } from "./receipt-approvals.ts";
export type { ReceiptProof } from "./receipt-proof.ts";
export { MAX_RECEIPT, RECEIPT_FORMAT } from "./receipt-file.ts";
export { MAX_LINES, parseLines, renderFields } from "./render.ts";
export { checkGlyphs, checkSafeText, columnsOf, type GlyphProfile, type SafeTextOptions } from "./safe-text.ts";
export {
  CodeEntry,
  Decision,
  decodeStatement,
  encodeStatement,
  RejectReason,
  Shown,
  type Statement,
  UserVerification,
} from "./statement.ts";
export { tagOf } from "./tag.ts";
export { type AssertionFault, faultOfAssertion, type ReadAssertion, readAssertion } from "./verify-assertion.ts";
export { type PinnedCore, type ReceiptFinding, verifyReceipt } from "./verify-receipt.ts";
export { hmacSha256, macKey, sha256, verifyEs256 } from "#platform";

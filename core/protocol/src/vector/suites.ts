import { assertionVectors } from "./assertion-vectors.ts";
import { auditExportVectors } from "./audit-export-vectors.ts";
import { auditHeadVectors } from "./audit-head-vectors.ts";
import { codeVectors } from "./code-vectors.ts";
import { commandVectors } from "./command-vectors.ts";
import { contentVectors } from "./content-vectors.ts";
import { detCborVectors } from "./det-cbor-vectors.ts";
import { digestVectors } from "./digest-vectors.ts";
import { enrolmentVectors } from "./enrolment-vectors.ts";
import { fidoVectors } from "./fido-vectors.ts";
import { proofVectors } from "./proof-vectors.ts";
import { receiptVectors } from "./receipt-vectors.ts";
import { renderVectors } from "./render-vectors.ts";
import { safeTextVectors } from "./safe-text-vectors.ts";
import { signatureVectors } from "./signature-vectors.ts";
import { statementVectors } from "./statement-vectors.ts";
import type { Suite } from "./suite.ts";
import { tagVectors } from "./tag-vectors.ts";

/** All files of core/protocol/vectors, in the order in which the formats build on each other. */
export const SUITES: readonly Suite[] = [
  detCborVectors,
  safeTextVectors,
  renderVectors,
  contentVectors,
  digestVectors,
  tagVectors,
  codeVectors,
  proofVectors,
  statementVectors,
  signatureVectors,
  enrolmentVectors,
  fidoVectors,
  assertionVectors,
  receiptVectors,
  auditHeadVectors,
  auditExportVectors,
  commandVectors,
];

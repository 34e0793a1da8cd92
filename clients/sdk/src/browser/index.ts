// The public API of @countersign/sdk in a web page: as in Node, over gRPC-Web. No Node here. docs/how-to/integrate.md
export { pause, type CallGiven, type Pause } from "../call.ts";
export {
  confirm,
  confirmOpen,
  outcomeOf,
  resume,
  type ConfirmGiven,
  type ConfirmRequest,
  type OpenGiven,
} from "../confirm.ts";
export type { CoreConnection } from "../core-connection.ts";
export { CoreError, type Violation } from "../core-error.ts";
export {
  isFido,
  KeyError,
  type AssertedByKey,
  type DaemonConnection,
  type EnrolledByKey,
  type FidoRegistration,
  type KeyPlace,
  type KeyStep,
  type LocalKey,
  type SignedByKey,
  type UserProof,
} from "../key-place.ts";
export type { Outcome, Progress, RejectedBecause, VerifiedReceipt } from "../outcome.ts";
export { findDifference, ownContent, ownLines, type Difference, type Meant } from "../own-content.ts";
export type { Pinned } from "../pinned.ts";
export { verifyReceipt, type NamedFinding } from "../receipt.ts";
export type { ApprovalProgress } from "../standing.ts";
export { Token } from "../token.ts";
export { openCore, type CoreOptions } from "./open-core.ts";
export { DAEMON_PORT, openDaemon, type DaemonOptions, type PairedDaemon, type PairingStore } from "./open-daemon.ts";
export { webAuthnKey, type WebAuthnGiven } from "./web-authn-key.ts";
export { registerKey, type CredentialPlace, type Registration, type RegistrationRequest } from "./webauthn.ts";

// The public API of @countersign/sdk: confirm a transaction from a program on the user's PC.
export { pause, type CallGiven, type Pause } from "./call.ts";
export {
  confirm,
  confirmOpen,
  outcomeOf,
  resume,
  type ConfirmGiven,
  type ConfirmRequest,
  type OpenGiven,
} from "./confirm.ts";
export { CoreError, type Violation } from "./core-error.ts";
export {
  isFido,
  KeyError,
  type AssertedByKey,
  type DaemonConnection,
  type EnrolledByKey,
  type FidoRegistration,
  type KeyStep,
  type LocalKey,
  type SignedByKey,
  type UserProof,
  type KeyPlace,
} from "./key-place.ts";
export type { Outcome, Progress, RejectedBecause, VerifiedReceipt } from "./outcome.ts";
export {
  getDelivery,
  watchDelivery,
  type DeliveryAttempt,
  type DeliveryEvent,
  type DeliveryEventName,
  type DeliveryStateName,
} from "./delivery.ts";
export { findDifference, ownContent, ownLines, withRepeatLine, type Difference, type Meant } from "./own-content.ts";
export type { Pinned } from "./pinned.ts";
export { verifyReceipt, type NamedFinding } from "./receipt.ts";
export { standingOfApp, standingOfClient, stateName, type ApprovalProgress, type Standing } from "./standing.ts";
export { Token } from "./token.ts";
export { openTransaction, type AskedFido, type OpenTransaction, type WireTransaction } from "./transaction-view.ts";
export { appView, clientView, type View } from "./view.ts";
export { reopened, resumedByCursor, watchToTheEnd } from "./watch.ts";
export { bearer, call, messages } from "./node/call.ts";
export { createTransaction, type Created } from "./create-transaction.ts";
export { isLoopback } from "./node/core-address.ts";
export { openCore, type CoreOptions, type NodeCoreConnection as CoreConnection } from "./node/core-connection.ts";
export { openDaemon } from "./node/daemon-connection.ts";
export { readTokenFile } from "./node/token-file.ts";

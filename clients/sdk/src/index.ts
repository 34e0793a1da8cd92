// The public API of @countersign/sdk: confirm a transaction from a program on the user's PC.
export { bearer, call, messages, pause, type CallGiven, type Pause } from "./call.ts";
export { confirm, confirmOpen, outcomeOf, type ConfirmGiven, type ConfirmRequest } from "./confirm.ts";
export { isLoopback } from "./core-address.ts";
export { openCore, type CoreConnection, type CoreOptions } from "./core-connection.ts";
export { CoreError, type Violation } from "./core-error.ts";
export {
  isFido,
  KeyError,
  openDaemon,
  type AssertedByKey,
  type DaemonConnection,
  type EnrolledByKey,
  type FidoRegistration,
  type KeyStep,
  type LocalKey,
  type SignedByKey,
  type UserProof,
} from "./daemon-connection.ts";
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
export type { Pinned } from "./receipt-check.ts";
export { outcomeOfRefusedCreate } from "./refusal-outcome.ts";
export { standingOfApp, standingOfClient, stateName, type ApprovalProgress, type Standing } from "./standing.ts";
export { readTokenFile, Token } from "./token.ts";
export { openTransaction, type AskedFido, type OpenTransaction, type WireTransaction } from "./transaction-view.ts";
export { appView, clientView, type View } from "./view.ts";
export { reopened, resumedByCursor, watchToTheEnd } from "./watch.ts";
export { toWireField } from "./wire-field.ts";

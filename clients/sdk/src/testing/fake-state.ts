import { status } from "@grpc/grpc-js";
import {
  ConfirmationClass,
  ConfirmationServiceGetResponse,
} from "@countersign/proto/node/core/v1/confirmation_service";
import { State } from "@countersign/proto/node/core/v1/content";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";

/** A watcher of one transaction: called at each change, broken by a restart. */
export type Watcher = (() => void) & { break(): void };

/** One transaction of the fake core. */
export interface Held {
  transaction: Transaction;
  readonly content: Uint8Array;
  readonly requestId: string;
  readonly token: string;
  readonly watchers: Set<Watcher>;
  statement: Uint8Array | undefined;
  attempts: number;
}

/** Status and class that a client gets for a transaction that is over. */
export const ENDED: readonly [status, string] = [status.FAILED_PRECONDITION, "ENDED"];

const CLASSES: ReadonlyMap<State, ConfirmationClass> = new Map([
  [State.PENDING, ConfirmationClass.WAITING],
  [State.PARTIAL, ConfirmationClass.PARTIAL],
  [State.CONFIRMED, ConfirmationClass.CONFIRMED],
  [State.EXECUTING, ConfirmationClass.CONFIRMED],
  [State.EXECUTED, ConfirmationClass.EXECUTED],
  [State.APPROVED, ConfirmationClass.APPROVED],
  [State.TAMPERED, ConfirmationClass.TAMPERED],
  [State.EXECUTION_UNKNOWN, ConfirmationClass.UNKNOWN],
]);

/** What a client learns of a state. */
export function classOf(state: State): ConfirmationClass {
  return CLASSES.get(state) ?? ConfirmationClass.ENDED;
}

/** What a client is told when it asks. */
export function confirmationOf({ transaction }: Held): ConfirmationServiceGetResponse {
  const { state, createdAt: _createdAt, ...told } = transaction;
  return ConfirmationServiceGetResponse.create({ ...told, class: classOf(state) });
}

const OPEN: readonly State[] = [
  State.PENDING,
  State.PARTIAL,
  State.CONFIRMED,
  State.EXECUTING,
  State.EXECUTION_UNKNOWN,
];

/** Whether nothing follows any more. */
export function isOver(state: State): boolean {
  return !OPEN.includes(state);
}

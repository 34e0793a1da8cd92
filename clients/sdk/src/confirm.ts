import { ProtocolError, type Line } from "@countersign/protocol";
import { ConfirmationClass, ConfirmationServiceGetRequest } from "@countersign/proto/web/core/v1/confirmation_service";
import { ask, type CallGiven, type Pause } from "./call.ts";
import { Confirmation, outcomeOfKey } from "./confirmation.ts";
import type { CoreConnection } from "./core-connection.ts";
import { createTransaction, type ConfirmRequest } from "./create-transaction.ts";
import { KeyError, type KeyPlace, type UserProof } from "./key-place.ts";
import { GET_CONFIRMATION } from "./methods.ts";
import type { Outcome, Progress } from "./outcome.ts";
import { findDifference, ownContent, ownLines, withRepeatLine } from "./own-content.ts";
import type { Pinned } from "./pinned.ts";
import { Token } from "./token.ts";
import { openTransaction, type OpenTransaction, type WireTransaction } from "./transaction-view.ts";
import { appView, clientView, type View } from "./view.ts";

export type { ConfirmRequest } from "./create-transaction.ts";

/** What a confirmation works with. */
export interface ConfirmGiven {
  readonly core: CoreConnection;
  /** What can have it signed: the daemon of this PC, or in a page its WebAuthn. */
  readonly daemon: KeyPlace;
  /** Pinned at set-up, never fetched over the connection that is being checked. */
  readonly pinned: Pinned;
  /** Which local key; absent: the only one. */
  readonly deviceId?: string | undefined;
  /**
   * PIN or finger on the key before anything is created (patent claim 24); it holds for the first signature, so that the
   * key asks no second time. Absent: the key asks after its pages.
   */
  readonly verifyFirst?: UserProof | undefined;
  /**
   * For keys without keypad: takes the code from the user, without echo. Undefined: he gave none. The daemon may ask by a
   * prompt of its own at the same time; the signal tells that the code is wanted no more. Never for a key with a keypad.
   */
  readonly askCode?: ((signal: AbortSignal) => Promise<string | undefined>) | undefined;
  /** Name of the asking program, for the daemon's texts. */
  readonly requester?: string | undefined;
  /** When it is over: at EXECUTED with a verified receipt (default), or at CONFIRMED. */
  readonly until?: "executed" | "confirmed" | undefined;
  /** Where others have to confirm as well: goes on until they have, or until its end. Else it is over at PARTIAL. */
  readonly waitForOthers?: boolean | undefined;
  /** Aborting withdraws the transaction and stops the key; the outcome is then CANCELLED, unless it came too late. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Aborting leaves: the key is stopped, the transaction stays as it is, and no outcome follows. What a page does whose user
   * goes elsewhere in it.
   */
  readonly leave?: AbortSignal | undefined;
  /** Given the confirmation token as soon as there is one: what `resume` takes after a page was loaded again. */
  readonly keepToken?: ((confirmationToken: string) => void) | undefined;
  readonly pause?: Pause | undefined;
}

/**
 * Confirms one transaction: creates it, compares the core's lines with what was meant before any key is asked, has the
 * key sign the client's own content, hands the statement in, and follows the transaction to its end.
 *
 * Yields progress; the last event has type "outcome". Expected endings are outcomes; an unreachable core or daemon, or a
 * token without permission, is thrown as CoreError. Leaving the loop early stops the key and leaves the transaction to
 * expire. Repeating the call with the same `requestId` and content takes up the same transaction.
 */
export async function* confirm(request: ConfirmRequest, given: ConfirmGiven): AsyncGenerator<Progress, void> {
  const own = safely(() => ownLines(request));
  if ("outcome" in own) return yield own;
  const verified = yield* verifyFirst(given);
  if ("outcome" in verified) return yield verified;
  const created = await createTransaction(request, given.core, callGiven(given));
  if ("outcome" in created) return yield created;
  given.keepToken?.(created.confirmationToken);
  const open = openTransaction(created.transaction);
  const lines = withRepeatLine(own.value, request.repeatOf, open.lines);
  const isNew = request.requestId === undefined || request.isFirstTry === true;
  const confirmation = new Confirmation(
    { open, own: lines, isNew, session: verified.session },
    viewOf(open, created.confirmationToken, given),
    given,
  );
  yield createdEvent(open);
  const difference = findDifference(lines, request.kind, open, given.pinned.serverId);
  if (difference !== undefined) return yield* confirmation.giveUp({ state: "CONTENT_DIFFERS", difference });
  yield { type: "equal" };
  yield* confirmation.run(ownContent(lines, open));
}

/** As for confirm; what the user meant is compared where it is given. */
export type OpenGiven = ConfirmGiven & { readonly meant?: readonly Line[] | undefined };

/**
 * Takes a transaction to the key that somebody else created: LINK, THAW and ENROL of the core, or one that an app handed
 * over with its confirmation token. What the user meant is not known here, so he compares key and phone himself; lines
 * that he gave (`meant`) are compared as in confirm.
 */
export async function* confirmOpen(
  transaction: WireTransaction,
  confirmationToken: string,
  given: OpenGiven,
): AsyncGenerator<Progress, void> {
  const open = openTransaction(transaction);
  yield* takeUp({ open, isWaiting: true }, viewOf(open, confirmationToken, given), given);
}

/**
 * Goes on with a transaction, with nothing but its confirmation token: after a page was loaded again, say. Asks the core
 * where it stands; takes it to the key if it waits for one, and follows it to its end.
 */
export async function* resume(confirmationToken: string, given: OpenGiven): AsyncGenerator<Progress, void> {
  const token = new Token(confirmationToken);
  const calling = { ...callGiven(given), token };
  const answer = await ask(given.core.port, GET_CONFIRMATION, ConfirmationServiceGetRequest.create(), calling);
  const isWaiting = answer.class === ConfirmationClass.WAITING;
  const told = openTransaction(answer);
  // It tells the end alone. A clock that is wrong here must not keep the key from a transaction that the core says waits.
  const lifetimeMs = Math.max(told.lifetimeMs, isWaiting ? LEAST_LIFETIME_MS : 0);
  const open = { ...told, lifetimeMs };
  yield* takeUp({ open, isWaiting }, clientView(given.core, open.transactionId, token, calling), given);
}

const LEAST_LIFETIME_MS = 15_000;

async function* takeUp(
  { open, isWaiting }: { readonly open: OpenTransaction; readonly isWaiting: boolean },
  view: View,
  given: OpenGiven,
): AsyncGenerator<Progress, void> {
  const lines = given.meant ?? open.lines;
  const verified = isWaiting ? yield* verifyFirst(given) : { session: "" };
  const session = "outcome" in verified ? "" : verified.session;
  const of = { open, own: lines, isNew: false, session };
  const confirmation = new Confirmation(of, view, given);
  if ("outcome" in verified) return yield* confirmation.giveUp(verified.outcome);
  yield createdEvent(open);
  const difference = findDifference(lines, open.kind, open, given.pinned.serverId);
  if (difference !== undefined) return yield* confirmation.giveUp({ state: "CONTENT_DIFFERS", difference });
  if (given.meant !== undefined) yield { type: "equal" };
  yield* confirmation.run(isWaiting ? ownContent(lines, open) : undefined);
}

/** Reads a confirmation to its end and returns the outcome. */
export async function outcomeOf(events: AsyncIterable<Progress>): Promise<Outcome> {
  for await (const event of events) if (event.type === "outcome") return event.outcome;
  throw new Error("the confirmation ended without an outcome");
}

function viewOf({ transactionId }: OpenTransaction, confirmationToken: string, given: ConfirmGiven): View {
  const { core } = given;
  return core.token?.isOfApp === true
    ? appView(core, transactionId, callGiven(given))
    : clientView(core, transactionId, new Token(confirmationToken), callGiven(given));
}

/** PIN or finger, if they are to come first. On failure nothing has left this PC, and no transaction reached the key. */
async function* verifyFirst(given: ConfirmGiven): AsyncGenerator<Progress, { readonly session: string } | Refused> {
  const { daemon, deviceId = "", signal, verifyFirst: proof } = given;
  if (proof === undefined) return { session: "" };
  yield { type: "verify", proof };
  try {
    return { session: await daemon.verifyUser(deviceId, proof, signal) };
  } catch (error) {
    if (signal?.aborted === true) return { type: "outcome", outcome: { state: "CANCELLED", byUser: true } };
    if (!(error instanceof KeyError)) throw error;
    return { type: "outcome", outcome: outcomeOfKey(error) };
  }
}

type Refused = Extract<Progress, { type: "outcome" }>;

/** Content that can not be shown is refused before anything is sent. */
function safely<T>(make: () => T): { readonly value: T } | Refused {
  try {
    return { value: make() };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const violations = error.field === undefined ? [] : [{ field: error.field, description: error.message }];
    return { type: "outcome", outcome: { state: "REFUSED", message: error.message, violations } };
  }
}

function createdEvent(open: OpenTransaction): Progress {
  const { transactionId, tag, issuer, mode, lines, lifetimeMs } = open;
  return { type: "created", transactionId, tag, issuer, mode, lines, lifetimeMs };
}

function callGiven({ core, pause }: ConfirmGiven): CallGiven {
  const { token, deadlineMs, patienceMs, onSilence } = core;
  return { token, deadlineMs, patienceMs, onSilence, ...(pause === undefined ? {} : { pause }) };
}

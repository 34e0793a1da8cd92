// What loosens: asked for, taken to the administrator's own key, followed until it is carried out.
import { randomUUID } from "node:crypto";
import {
  AdminServiceApproveChangeRequest,
  AdminServiceGetChangeRequest,
  AdminServiceRequestChangeRequest,
  Change,
  ChangeState,
  type Action,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call, CoreError, pause, type DaemonConnection, type LocalKey, type WireTransaction } from "@countersign/sdk";
import { CliError } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { chooseKey, withDaemon } from "../session.ts";
import { takeToKey } from "../command/take-to-key.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { changeState, endingOf, missingText, needText } from "./change-text.ts";
import { messageJson } from "./message-json.ts";
import { patiently } from "./patiently.ts";
import type { DrawnToken } from "./token-file.ts";

/** Options of every command that asks for a change. */
export interface ChangeOptions {
  readonly key?: string;
  /** False with --no-wait. */
  readonly wait?: boolean;
  readonly receipts?: string;
}

/** What is to be done, and where; "" also for what concerns the installation. */
export interface Wanted {
  readonly tenantId: string;
  readonly what: NonNullable<Action["what"]>;
}

/** What goes with a change that makes or opens something. */
interface Made {
  readonly token?: DrawnToken;
  /** Told once it is carried out, such as what to do next. */
  readonly next?: (change: Change) => string;
}

/**
 * Asks for it, takes it to the key, and waits until it is carried out. The key is looked for first: without one nothing is
 * asked for. A drawn token's file goes when the change came to nothing.
 */
export function requestChange(
  on: AdminGiven,
  { tenantId, what }: Wanted,
  options: ChangeOptions,
  made: Made = {},
): Promise<ExitCode> {
  const { token } = made;
  return withDaemon(on.given, async (daemon) => {
    const key = await chosenOr(() => token?.discard(), daemon, options.key);
    const request = AdminServiceRequestChangeRequest.create({ requestId: randomUUID(), tenantId, action: { what } });
    const ask = () => call(on.admin.requestChange.bind(on.admin), request, on.core);
    const asked = await patiently(ask, on.given).catch((error: unknown) => {
      // Unanswered, it may have been asked for all the same.
      if (!(error instanceof CoreError && error.isOutage)) token?.discard();
      throw error;
    });
    return confirmAsked(on, asked, { daemon, key, options, made });
  });
}

/** `countersign admin change approve ID`: the same lines for the caller's own key. */
export function approveChange(on: AdminGiven, changeId: string, options: ChangeOptions): Promise<ExitCode> {
  return withDaemon(on.given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    const request = AdminServiceApproveChangeRequest.create({ requestId: randomUUID(), changeId });
    const ask = () => call(on.admin.approveChange.bind(on.admin), request, on.core);
    const asked = await patiently(ask, on.given);
    return confirmAsked(on, asked, { daemon, key, options, made: {} });
  });
}

/** `countersign admin change wait ID`: until it is over; Ctrl-C leaves it as it is (exit 25). */
export async function waitForChange(on: AdminGiven, changeId: string): Promise<ExitCode> {
  const change = await followed(on, changeId, true);
  return tellEnding(on, change);
}

async function chosenOr(discard: () => void, daemon: DaemonConnection, wanted: string | undefined): Promise<LocalKey> {
  try {
    return await chooseKey(daemon, wanted);
  } catch (error) {
    discard();
    throw error;
  }
}

interface Asked {
  readonly change: Change | undefined;
  readonly transaction: WireTransaction | undefined;
  readonly confirmationToken: string;
}

interface ForKey {
  readonly daemon: DaemonConnection;
  readonly key: LocalKey;
  readonly options: ChangeOptions;
  readonly made: Made;
}

async function confirmAsked(on: AdminGiven, asked: Asked, { daemon, key, options, made }: ForKey): Promise<ExitCode> {
  const { change } = asked;
  const { terminal } = on.given;
  if (change === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer holds no change");
  terminal.record(changeRecord(change));
  terminal.progress(`change ${change.changeId}  ${needText(change)}`);
  const part = { isPart: true, receipts: options.receipts };
  const exit = await takeToKey(asked, { core: on.core, daemon, key }, on.given, part);
  if (exit !== ExitCode.DONE) return notConfirmed(on, change.changeId, exit, made);
  const reached = await followed(on, change.changeId, options.wait !== false);
  if (endingOf(reached) !== undefined && reached.state !== ChangeState.APPLIED) made.token?.discard();
  if (reached.state === ChangeState.APPLIED) tellMade(on, reached, made);
  else if (endingOf(reached) === undefined && made.token !== undefined)
    terminal.progress(`The token waits in ${made.token.path}; it opens nothing before the change is carried out.`);
  return tellEnding(on, reached);
}

function tellMade({ given: { terminal } }: AdminGiven, change: Change, { token, next }: Made): void {
  if (token !== undefined) terminal.progress(`${terminal.sign("done")} token in ${token.path} (0600), for its holder`);
  if (next !== undefined) terminal.progress(printable(next(change)));
}

/** The key's transaction came to nothing. A key's no ends the change; one that lapsed leaves it to be taken up again. */
async function notConfirmed(on: AdminGiven, changeId: string, exit: ExitCode, made: Made): Promise<ExitCode> {
  const change = await getChange(on, changeId);
  const { terminal } = on.given;
  const isOver = endingOf(change) !== undefined;
  if (isOver) made.token?.discard();
  terminal.record({ ...changeRecord(change), final: true, exit });
  if (!isOver) {
    terminal.progress(
      `The change stands as ${changeState(change)}. Take it up again: countersign admin change approve ${changeId}`,
    );
    terminal.progress(`Or end it: countersign admin change reject ${changeId}`);
    if (made.token !== undefined) terminal.progress(`Its token stays in ${made.token.path}.`);
  }
  return exit;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Asks until the change is over; without `others` only until it waits for somebody else's key. Ctrl-C ends the asking. */
async function followed(on: AdminGiven, changeId: string, others: boolean): Promise<Change> {
  const { terminal } = on.given;
  const stop = new AbortController();
  const release = terminal.io.onInterrupt(() => stop.abort());
  try {
    for (let told = "", waitMs = FIRST_PAUSE_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_PAUSE_MS)) {
      const change = await getChange(on, changeId);
      const standing = `${change.state} ${change.approvals.length}`;
      if (standing !== told) await tellStanding(on, change);
      told = standing;
      const isCarriedOutNext = change.state === ChangeState.APPROVED;
      if (endingOf(change) !== undefined || (!others && !isCarriedOutNext) || stop.signal.aborted) return change;
      await pause(waitMs, stop.signal);
    }
  } finally {
    release();
    terminal.endStatus();
  }
}

async function tellStanding(on: AdminGiven, change: Change): Promise<void> {
  const { terminal } = on.given;
  if (endingOf(change) !== undefined) return;
  terminal.record(changeRecord(change));
  if (change.state === ChangeState.APPROVED) return terminal.status(() => "Confirmed by all; is carried out");
  const missing = await missingText(on, change);
  terminal.progress(`${terminal.sign("warning")} ${changeState(change)}: ${missing}`);
  terminal.progress(`Each of them runs: countersign admin change approve ${change.changeId}`);
  terminal.status(() => "You may leave (Ctrl-C): the change stays, and needs nothing more from you");
}

function tellEnding({ given: { terminal } }: AdminGiven, change: Change): ExitCode {
  const ending = endingOf(change);
  if (ending === undefined) {
    terminal.record({ ...changeRecord(change), final: true, exit: ExitCode.CHANGE_WAITS });
    terminal.result(
      `  ${terminal.sign("warning")} ${changeState(change)}: change ${change.changeId} waits · nothing was done yet`,
    );
    return ExitCode.CHANGE_WAITS;
  }
  terminal.record({ ...changeRecord(change), final: true, exit: ending.code });
  terminal.result(`  ${terminal.sign(ending.sign)} ${ending.text}`);
  return ending.code;
}

export function changeRecord(change: Change): Readonly<Record<string, unknown>> {
  return messageJson(Change, change);
}

export async function getChange(on: AdminGiven, changeId: string): Promise<Change> {
  const request = AdminServiceGetChangeRequest.create({ changeId });
  const { change } = await call(on.admin.getChange.bind(on.admin), request, on.core);
  if (change === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer holds no change");
  return change;
}

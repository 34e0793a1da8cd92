import { encodeContent, type Line } from "@countersign/protocol";
import { TransactionServiceCancelRequest } from "@countersign/proto/node/core/v1/transaction_service";
import {
  call,
  confirm,
  CoreError,
  type ConfirmRequest,
  type CoreConnection,
  type Outcome,
  type Progress,
} from "@countersign/sdk";
import { CliError, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { report } from "../output/progress-report.ts";
import { chooseKey, confirmGiven, pinnedOf, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { askElsewhere } from "./ask-elsewhere.ts";

/** How a host asks its user. */
export interface AskOptions {
  /** A key on this machine: its serial or "default". Undefined: the user takes it up elsewhere. */
  readonly key: string | undefined;
  /** Seconds until it is withdrawn; undefined: as long as it lives. */
  readonly timeoutS?: number | undefined;
  /** Gets what the user's client may have instead of an app token. */
  readonly onToken?: (confirmationToken: string) => void;
}

/** What was confirmed, as far as this host can say: whoever acts on it claims it and wants proof. */
export interface Confirmed {
  readonly transactionId: string;
  readonly kind: number;
  readonly lines: readonly Line[];
  /** Canonical bytes, made of the lines of this host. */
  readonly content: Uint8Array;
}

/** Asks and tells how it goes. The exit code, where it was not confirmed. */
export function ask(
  request: ConfirmRequest,
  meant: readonly Line[],
  options: AskOptions,
  given: CommandGiven,
): Promise<Confirmed | ExitCode> {
  const { key } = options;
  return withCore(given, async (core) => {
    if (!core.token.isOfApp)
      throw refused("--token-file: a grant does not do here; an app token of scope submit is needed");
    try {
      if (key === undefined) return await askThere(core, request, meant, options, given);
      return await askHere(core, request, meant, { ...options, key }, given);
    } catch (error) {
      throw error instanceof CoreError && error.reason === "IDEMPOTENCY_CONFLICT" ? usedId(request) : error;
    }
  });
}

async function askThere(
  core: CoreConnection,
  request: ConfirmRequest,
  meant: readonly Line[],
  options: AskOptions,
  given: CommandGiven,
): Promise<Confirmed | ExitCode> {
  const { terminal, settings } = given;
  const stop = new AbortController();
  const giveUp = (outcome: Outcome): void => {
    if (!stop.signal.aborted) terminal.progress("withdrawing");
    stop.abort(outcome);
  };
  const release = terminal.io.onInterrupt(() => giveUp({ state: "CANCELLED", byUser: true }));
  const { timeoutS } = options;
  const timer = timeoutS === undefined ? undefined : setTimeout(() => giveUp({ state: "EXPIRED" }), timeoutS * 1000);
  try {
    const on = { core, pinned: pinnedOf(settings), signal: stop.signal, onToken: options.onToken };
    return await follow(askElsewhere(request, on), request, meant, undefined, given);
  } finally {
    clearTimeout(timer);
    release();
  }
}

function askHere(
  core: CoreConnection,
  request: ConfirmRequest,
  meant: readonly Line[],
  options: AskOptions & { readonly key: string },
  given: CommandGiven,
): Promise<Confirmed | ExitCode> {
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    const { confirm: confirmWith, release } = confirmGiven(given, core, daemon, key);
    let id = "";
    try {
      const events = confirm(request, { ...confirmWith, until: "confirmed", waitForOthers: true });
      const noting = noteId(events, (transactionId) => (id = transactionId));
      const found = await follow(noting, request, meant, key, given);
      // Others could still confirm it, and nobody is here any more who would run it.
      if (found === ExitCode.CHANGE_WAITS) await withdraw(core, id);
      return found;
    } finally {
      release();
    }
  });
}

async function* noteId(events: AsyncIterable<Progress>, note: (id: string) => void): AsyncGenerator<Progress, void> {
  for await (const event of events) {
    if (event.type === "created") note(event.transactionId);
    yield event;
  }
}

async function follow(
  events: AsyncIterable<Progress>,
  request: ConfirmRequest,
  meant: readonly Line[],
  key: Parameters<typeof report>[2]["key"],
  { terminal }: CommandGiven,
): Promise<Confirmed | ExitCode> {
  const { kind, userId } = request;
  const seen: { created?: Extract<Progress, { type: "created" }>; isEqual?: true } = {};
  const noted = async function* (): AsyncGenerator<Progress, void> {
    for await (const event of events) {
      if (event.type === "created") seen.created = event;
      if (event.type === "equal") seen.isEqual = true;
      yield event;
    }
  };
  const exit = await report(noted(), terminal, { ...PART, kind, meant, key, waitsFor: userId });
  if (exit !== ExitCode.DONE) return exit;
  if (seen.created === undefined || seen.isEqual !== true) throw new Error("confirmed without having been compared");
  const { transactionId, issuer, lines } = seen.created;
  return { transactionId, kind, lines, content: encodeContent({ version: 1, issuer, kind, lines }) };
}

/** The end is told by who carries it out. */
const PART = { isPart: true, saveReceipt: (): string => "" };

async function withdraw(core: CoreConnection, transactionId: string): Promise<void> {
  const request = TransactionServiceCancelRequest.create({ transactionId, reason: "nobody waits for it any more" });
  await call(core.transactions.cancel.bind(core.transactions), request, core).catch(() => undefined);
}

function usedId({ requestId = "" }: ConfirmRequest): CliError {
  return new CliError(
    ExitCode.DUPLICATE,
    `${requestId}: something else was asked under this id; nothing was done. Take a new one`,
  );
}

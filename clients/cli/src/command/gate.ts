import { existsSync, writeFileSync } from "node:fs";
import {
  concatBytes,
  encodeCbor,
  equalBytes,
  Kind,
  Label,
  ProtocolError,
  receiptNumberOf,
  renderFields,
  sha256,
  txDigestOf,
  fromHex,
  utf8,
  type Field,
} from "@countersign/protocol";
import { ownLines } from "@countersign/sdk";
import { CliError, refused } from "../cli-error.ts";
import { ask, type Confirmed } from "../exec/ask.ts";
import { checkExecutor, takeOver } from "../exec/carry-out.ts";
import { withExecutor, type Executor } from "../exec/execution.ts";
import { proveReceipt } from "../exec/proof.ts";
import { ExitCode } from "../exit-code.ts";
import { digestArgument, fieldArgument, kindArgument } from "../field-argument.ts";
import { linesJson, linesText } from "../output/transaction-text.ts";
import { saveReceipt } from "../receipt-file.ts";
import { pinnedOf, type CommandGiven } from "../session.ts";
import { requestOf, type Meaning } from "./confirm.ts";

/** Options of `countersign gate`. */
export interface GateOptions {
  readonly kind: string;
  readonly target?: string;
  readonly commit?: string;
  readonly who?: string;
  readonly environment?: string;
  readonly reason?: string;
  readonly field: readonly string[];
  readonly payload?: string;
  readonly id?: string;
  readonly key?: string;
  readonly until: "open" | "confirmed";
  readonly timeout?: string;
  readonly lifetime?: string;
  readonly mode?: "A" | "B" | "C";
  readonly repeat?: string;
  readonly receipts?: string;
  readonly tokenOut?: string;
  readonly dryRun?: boolean;
}

const GATE = utf8("countersign/gate/v1\0");
/** A core asks nobody for less. */
const LEAST_LIFETIME_S = 10;
const MOST_TIMEOUT_S = 7 * 24 * 3600;
const DIGESTED: ReadonlySet<Kind> = new Set([Kind.DEPLOY, Kind.RUN, Kind.SIGN]);

/**
 * `countersign gate`: lets a pipeline, a hook or a login pass once, when its user has confirmed it with his key elsewhere.
 * Exit 0: confirmed, proven by a verified receipt, and claimed by this gate and no other.
 */
export async function gateCommand(options: GateOptions, given: CommandGiven): Promise<ExitCode> {
  const meaning = meaningOf(options);
  const lines = linesOf(meaning);
  const { terminal, settings } = given;
  if (options.dryRun === true) {
    terminal.record({ state: "DRY_RUN", lines: linesJson(lines) });
    for (const line of linesText(lines, terminal.style.plain)) terminal.result(line);
    return ExitCode.DONE;
  }
  if (options.tokenOut !== undefined && existsSync(options.tokenOut)) {
    throw refused(`--token-out ${options.tokenOut}: is there already; name a new file`);
  }
  const timeoutS = seconds(options.timeout);
  const lifetime =
    options.lifetime ??
    (timeoutS === undefined ? undefined : String(Math.min(Math.max(timeoutS, LEAST_LIFETIME_S), 600)));
  const requestId = options.id === undefined ? undefined : requestIdOf(options.id);
  const request = requestOf(meaning, { ...options, lifetime, requestId }, settings.need("user"));
  const { tokenOut } = options;
  const onToken = tokenOut === undefined ? undefined : (token: string) => writeToken(tokenOut, token);
  const asking = { key: options.key, timeoutS, ...(onToken === undefined ? {} : { onToken }) };
  if (options.until === "confirmed") {
    const confirmed = await ask(request, lines, asking, given);
    if (typeof confirmed === "number") return confirmed;
    checkUnchanged(lines, options);
    return tellConfirmed(confirmed, given);
  }
  return withExecutor(given, async (executor) => {
    await checkExecutor(executor, given);
    const confirmed = await ask(request, lines, asking, given);
    return typeof confirmed === "number" ? confirmed : await open(confirmed, lines, executor, options, given);
  });
}

/** What follows the gate reads its files again: it opens only for the bytes that were shown. Throws a CliError else. */
function checkUnchanged(lines: Lines, options: GateOptions): void {
  if (equalBytes(bytesOf(lines), bytesOf(linesNow(options)))) return;
  throw new CliError(
    ExitCode.CONTENT_DIFFERS,
    "STOPPED: what goes out changed since it was shown; the gate stays shut. Look who did that, then ask again",
  );
}

/** Of files that can no longer be read there is nothing to show. */
function linesNow(options: GateOptions): Lines {
  try {
    return linesOf(meaningOf(options));
  } catch {
    return [];
  }
}

function meaningOf(options: GateOptions): Meaning {
  const kind = kindArgument(options.kind);
  const { target, commit, who, environment, id, reason } = options;
  if (kind === Kind.DEPLOY) {
    const missing = Object.entries({ target, commit, who, environment }).find(([, value]) => value === undefined);
    if (missing !== undefined)
      throw refused(`--${missing[0]} is needed: who deploys which commit to which target, and where`);
  }
  const rows: readonly (readonly [Label, string | undefined])[] = [
    [Label.TARGET, target],
    [Label.VERSION, commit],
    [Label.ENVIRONMENT, environment],
    [Label.USER, who],
    [Label.REFERENCE, id === undefined ? undefined : `run ${id}`],
    [Label.PURPOSE, reason],
  ];
  const own = rows.flatMap(([label, text]): Field[] => {
    return text === undefined ? [] : [{ label, value: { type: "text", text } }];
  });
  const fields = [...own, ...options.field.map(fieldArgument)];
  return { kind, fields, payload: payloadOf(kind, fields, options.payload) };
}

/** Of the file that goes out, if it is named; else of what the lines say, so that there is something to sign. */
function payloadOf(kind: Kind, fields: readonly Field[], file: string | undefined): Uint8Array | undefined {
  if (file !== undefined) return digestArgument(`@${file}`);
  if (!DIGESTED.has(kind) || fields.some(({ label }) => label === Label.DIGEST)) return undefined;
  const lines = linesOf({ kind, fields, payload: new Uint8Array(32) }).slice(0, -1);
  return sha256(concatBytes(GATE, encodeCbor([kind, lines.map(({ label, value }) => [label, value])])));
}

type Lines = ReturnType<typeof renderFields>;

const bytesOf = (lines: Lines): Uint8Array => encodeCbor(lines.map(({ label, value }) => [label, value]));

function linesOf(meaning: Meaning): Lines {
  try {
    return ownLines(meaning);
  } catch (error) {
    if (error instanceof ProtocolError) throw refused(`refused: ${error.message}`);
    throw error;
  }
}

async function open(
  confirmed: Confirmed,
  lines: Lines,
  executor: Executor,
  options: GateOptions,
  given: CommandGiven,
): Promise<ExitCode> {
  const { terminal } = given;
  const claim = await takeOver(confirmed, executor, given);
  try {
    checkUnchanged(lines, options);
  } catch (error) {
    await claim.giveUp("what goes out changed after it was shown, so the gate stayed shut");
    throw error;
  }
  await claim.begin();
  // Only after the core has noted it: else the gate could open for somebody else under the same confirmation.
  await claim.report(true, "the gate is open").catch(() => {
    throw new CliError(
      ExitCode.EXECUTION_UNKNOWN,
      `confirmed, but the core could not be told; the gate stays shut. See: countersign tx get ${confirmed.transactionId}`,
    );
  });
  const json = await proveReceipt(executor.core, { ...confirmed, state: "EXECUTED" }, pinnedOf(given.settings));
  const receipt = receiptNumberOf(fromHex(confirmed.transactionId), txDigestOf(confirmed.content));
  const file = options.receipts === undefined ? undefined : saveReceipt(options.receipts, receipt, json);
  const { transactionId } = confirmed;
  const kept = file === undefined ? {} : { receiptFile: file };
  terminal.record({ state: "EXECUTED", transactionId, receipt, ...kept, final: true, exit: ExitCode.DONE });
  terminal.result(`  ${terminal.sign("done")} Open   receipt ${receipt} verified   ${transactionId}`);
  return ExitCode.DONE;
}

function tellConfirmed({ transactionId }: Confirmed, { terminal }: CommandGiven): ExitCode {
  terminal.record({ state: "CONFIRMED", transactionId, final: true, exit: ExitCode.DONE });
  terminal.result(`  ${terminal.sign("done")} Confirmed; whoever holds the execute token opens it   ${transactionId}`);
  return ExitCode.DONE;
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= MOST_TIMEOUT_S) return value;
  throw refused(`--timeout: expected 1 to ${MOST_TIMEOUT_S} seconds`);
}

function requestIdOf(id: string): string {
  if (/^[!-~]{1,200}$/.test(id)) return `gate ${id}`;
  throw refused("--id: expected 1 to 200 printable ASCII characters without spaces, such as the number of the run");
}

function writeToken(path: string, token: string): void {
  try {
    writeFileSync(path, `${token}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw refused(`--token-out ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

import { Kind, ProtocolError, type Field } from "@countersign/protocol";
import { confirm, isFido, ownLines, type ConfirmRequest, type UserProof } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { digestArgument, fieldArgument, kindArgument } from "../field-argument.ts";
import { report } from "../output/progress-report.ts";
import { linesJson, linesText } from "../output/transaction-text.ts";
import { saveReceipt } from "../receipt-file.ts";
import { chooseKey, confirmGiven, withCore, withDaemon, type CommandGiven } from "../session.ts";

/** Options of every command that takes a transaction to the key. */
export interface ConfirmOptions {
  readonly key?: string;
  readonly until?: "executed" | "confirmed";
  /** Where others have to confirm as well: stays until they have. */
  readonly wait?: boolean;
  readonly repeat?: string;
  readonly requestId?: string;
  readonly lifetime?: string;
  readonly mode?: "A" | "B" | "C";
  readonly receipts?: string;
  readonly dryRun?: boolean;
  /** PIN or finger before anything is sent; `true`: PIN. */
  readonly verifyFirst?: boolean | string;
}

/** What is meant, before it is known for whom. */
export interface Meaning {
  readonly kind: Kind;
  readonly fields: readonly Field[];
  readonly payload?: Uint8Array | undefined;
}

/** `countersign confirm KIND --field label=value … [--payload FILE]`. */
export function confirmCommand(
  kind: string,
  options: ConfirmOptions & { readonly field: readonly string[]; readonly payload?: string },
  given: CommandGiven,
): Promise<ExitCode> {
  const { payload } = options;
  const fields = options.field.map(fieldArgument);
  const digest = payload === undefined ? undefined : digestArgument(`@${payload}`);
  return confirmMeaning({ kind: kindArgument(kind), fields, payload: digest }, options, given);
}

/** Takes what is meant through core, key and phone to its end. */
export async function confirmMeaning(
  meaning: Meaning,
  options: ConfirmOptions,
  given: CommandGiven,
): Promise<ExitCode> {
  const { terminal, settings } = given;
  const lines = meantLines(meaning, options.repeat);
  if (options.dryRun === true) {
    terminal.record({ state: "DRY_RUN", lines: linesJson(lines) });
    for (const line of linesText(lines, terminal.style.plain)) terminal.result(line);
    return ExitCode.DONE;
  }
  const request = requestOf(meaning, options, settings.need("user"));
  const proof = proofOf(options.verifyFirst);
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    if (proof !== undefined && isFido(key))
      throw refused("--verify-first: a FIDO2 key is asked for its PIN while it signs; leave it away");
    return withCore(given, async (core) => {
      const { confirm: confirmWith, release } = confirmGiven(given, core, daemon, key, proof);
      try {
        const events = confirm(request, { ...confirmWith, until: options.until, waitForOthers: options.wait });
        const folder = options.receipts ?? terminal.io.folder;
        const save = (name: string, json: Uint8Array): string => saveReceipt(folder, name, json);
        return await report(events, terminal, { kind: meaning.kind, meant: lines, key, saveReceipt: save });
      } finally {
        release();
      }
    });
  });
}

function proofOf(wanted: boolean | string | undefined): UserProof | undefined {
  if (wanted === undefined || wanted === false) return undefined;
  if (wanted === true || wanted === "pin") return "pin";
  if (wanted === "finger") return "biometric";
  throw refused("--verify-first: expected pin or finger");
}

function meantLines(meaning: Meaning, repeatOf: string | undefined): ReturnType<typeof ownLines> {
  if (repeatOf !== undefined && !/^[0-9a-f]{32}$/.test(repeatOf)) {
    throw refused("--repeat: expected the id of the first transaction, 32 hexadecimal digits");
  }
  try {
    return ownLines(meaning);
  } catch (error) {
    if (error instanceof ProtocolError) throw refused(`refused: ${error.message}`);
    throw error;
  }
}

/** Checks the options and puts them beside what is meant. */
export function requestOf(
  meaning: Meaning,
  options: {
    readonly lifetime?: string | undefined;
    readonly mode?: "A" | "B" | "C" | undefined;
    readonly repeat?: string | undefined;
    readonly requestId?: string | undefined;
  },
  userId: string,
): ConfirmRequest {
  const { lifetime, mode, repeat: repeatOf, requestId } = options;
  if (lifetime !== undefined && !(/^\d{1,3}$/.test(lifetime) && Number(lifetime) >= 1 && Number(lifetime) <= 600)) {
    throw refused("--lifetime: expected 1 to 600 seconds");
  }
  const modeHint = mode === undefined ? undefined : ({ A: 1, B: 2, C: 3 } as const)[mode];
  return {
    ...meaning,
    userId,
    requestId,
    repeatOf,
    modeHint,
    lifetimeS: lifetime === undefined ? undefined : Number(lifetime),
  };
}

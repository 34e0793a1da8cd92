// examples/bank/try: an installation of its own on this machine, each file paid by a scripted user, then the bank's ledger and
// the receipt; ends with the exit code of the client for the last file.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { keepFromTerminal, ROOT } from "@countersign/testing/child";
import { setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation } from "../installation.ts";
import { runScenario } from "../scenario.ts";
import { untilSignal } from "../until-signal.ts";
import { inWords } from "./in-words.ts";

const HELP = `examples/bank/try [FILE…]

Starts core, chat bot, bank, smart key and daemon on this machine, pays each pain.001 FILE (default: samples/invoice.xml), lets a
scripted user confirm it on key and phone, shows the bank's ledger and verifies the receipt. Nothing is left behind.
Name a file twice to meet the guard against duplicates.

exit     of the client for the last file: 0 executed, 2 refused, 22 the same was paid before; docs/how-to/exit-codes.md has all
`;

/** Ended by Ctrl-C. */
const CANCELLED = 17;

async function tryFiles(files: readonly string[], signal: AbortSignal): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-try-"));
  try {
    say("Starting core, bot, bank, key and daemon; NOT FOR PRODUCTION");
    const installation = await startInstallation({ folder, mode: "B" });
    try {
      const desk = await setUpDesk(installation, { userId: "anna", mode: "B", chatId: "4242" });
      try {
        let exit = 0;
        for (const file of files) exit = signal.aborted ? CANCELLED : await payOne(installation, desk, file, signal);
        tellLedger(installation);
        return exit;
      } finally {
        await desk.stop();
      }
    } finally {
      await installation.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function payOne(installation: Installation, desk: Desk, file: string, signal: AbortSignal): Promise<number> {
  say(`\n$ countersign pay ${basename(file)}`);
  // Without key and core first: the lines that both show, or why the file is refused.
  const meant = await inWords(installation, desk, ["pay", file, "--dry-run"]);
  process.stdout.write(meant.words);
  if (meant.exit !== 0) return meant.exit;
  const { exitCode, states } = await runScenario({ installation, desk, file, user: "careful", signal });
  const end = states.at(-1) ?? {};
  const first =
    typeof end["first"] === "string" ? `; it was paid as ${end["first"]}: --repeat if it is meant twice` : "";
  const state = typeof end["state"] === "string" ? end["state"] : "ended";
  say(`${state}, exit ${exitCode}${first}`);
  if (typeof end["receiptFile"] === "string") await tellReceipt(installation, desk, end["receiptFile"]);
  return exitCode;
}

async function tellReceipt(installation: Installation, desk: Desk, file: string): Promise<void> {
  say(`\n$ countersign verify ${basename(file)}`);
  process.stdout.write((await inWords(installation, desk, ["verify", file])).words);
}

function tellLedger({ ledgerFile }: Installation): void {
  say("\nThe bank's ledger, one line a payment and one that closes the transaction:");
  const text = readFileSync(ledgerFile, "utf8");
  process.stdout.write(text === "" ? "nothing is booked\n" : text);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function usage(message: string): never {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

const given = (() => {
  try {
    const help = { type: "boolean", short: "h", default: false } as const;
    return parseArgs({ allowPositionals: true, options: { help } });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
})();
if (given.values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
keepFromTerminal();
const ending = new AbortController();
void untilSignal().then(() => ending.abort());
const called = process.env["CALLED_FROM"] ?? process.cwd();
const files = given.positionals.map((file) => resolve(called, file));
const sample = join(ROOT, "examples/bank/samples/invoice.xml");
process.exitCode = await tryFiles(files.length === 0 ? [sample] : files, ending.signal);

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { receiptNumberOf, txDigestOf, verifyReceipt } from "@countersign/protocol";
import { CliError, environment, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { receiptsAt } from "../receipt/receipt-files.ts";
import { receiptPage } from "../receipt/receipt-page.ts";
import { LANGUAGES, type Language } from "../receipt/receipt-words.ts";
import type { CommandGiven } from "../session.ts";
import { pinnedCore } from "./verify.ts";

/**
 * `countersign receipts print FILE`: the receipt as a page to print. What does not verify is not printed: a page looks right
 * whatever stands on it. `-` as its place is stdout.
 */
export function receiptsPrintCommand(
  file: string,
  options: { readonly out?: string; readonly language?: Language },
  given: CommandGiven,
): ExitCode {
  const { terminal } = given;
  const language = options.language ?? languageOf(terminal.io.env);
  const [read, ...more] = receiptsAt([file]);
  if (read === undefined || more.length > 0) throw refused(`${file}: one receipt is printed at a time; name its file`);
  if ("unread" in read) throw refused(`${file}: ${read.unread}`);
  const found = verifyReceipt(read.json, pinnedCore(given));
  if (!found.ok) {
    const why = `${file} does not verify: ${found.part}: ${found.why}; nothing was printed`;
    throw new CliError(ExitCode.UNVERIFIED, why);
  }
  const page = receiptPage({ found, json: read.json, language, at: new Date() });
  if (options.out === "-") {
    terminal.io.stdout.write(page);
    return ExitCode.DONE;
  }
  const number = receiptNumberOf(found.receipt.txId, txDigestOf(found.receipt.content));
  const out = options.out ?? join(terminal.io.folder, `receipt-${number}.html`);
  try {
    writeFileSync(out, page, { mode: 0o600 });
  } catch (error) {
    throw environment(`--out ${out}: ${error instanceof Error ? error.message : String(error)}`);
  }
  terminal.record({ receipt: number, page: out, language });
  terminal.result(`  ${terminal.sign("done")} receipt ${number} verified; its page: ${out}`);
  return ExitCode.DONE;
}

/** That of the environment, where there is such a page, else English. */
function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const set =
    [env["LC_ALL"], env["LC_MESSAGES"], env["LANG"]].find((value) => value !== undefined && value !== "") ?? "";
  return LANGUAGES.find((one) => one === set.toLowerCase().slice(0, 2)) ?? "en";
}

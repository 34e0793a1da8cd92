import { Option, type Command } from "commander";
import { receiptsPrintCommand } from "../command/receipts.ts";
import { verifyCommand } from "../command/verify.ts";
import type { ExitCode } from "../exit-code.ts";
import type { CommandGiven } from "../session.ts";
import { LANGUAGES, type Language } from "./receipt-words.ts";

/** `countersign verify …` and `countersign receipts …`. */
export function addReceipts(program: Command, given: () => CommandGiven, finish: (code: ExitCode) => void): void {
  program
    .command("verify <receipt...>")
    .description("check receipts offline against the core key of the set-up; a folder: every .json file in it")
    .action((receipts: string[]) => finish(verifyCommand(receipts, given())));
  const receipts = program.command("receipts").description("receipts for people");
  receipts
    .command("print <receipt>")
    .description("verify a receipt and write it as a page to print: HTML that stands alone")
    .option("--out <file>", "where the page is written; - is stdout (default: receipt-….html here)")
    .addOption(new Option("--language <language>", "of the page (default: yours, else en)").choices([...LANGUAGES]))
    .action((receipt: string, options: { out?: string; language?: Language }) =>
      finish(receiptsPrintCommand(receipt, options, given())),
    );
}

import { isKind } from "@countersign/protocol";
import {
  confirmOpen,
  type CoreConnection,
  type DaemonConnection,
  type LocalKey,
  type WireTransaction,
} from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import type { ExitCode } from "../exit-code.ts";
import { report } from "../output/progress-report.ts";
import { saveReceipt } from "../receipt-file.ts";
import { confirmGiven, type CommandGiven } from "../session.ts";

/** What is other than with a transaction that stands for itself. */
interface Part {
  /** As ReportGiven.isPart. */
  readonly isPart: boolean;
  /** Where the receipt is kept. */
  readonly receipts: string | undefined;
  /** Over once the user has confirmed it: somebody else carries it out, in his own time. */
  readonly until?: "confirmed";
}

/** A transaction that the core made (LINK, THAW, ENROL, ADMIN): its lines are shown here, on the key and on the phone. */
export async function takeToKey(
  made: { readonly transaction: WireTransaction | undefined; readonly confirmationToken: string },
  open: { readonly core: CoreConnection; readonly daemon: DaemonConnection; readonly key: LocalKey },
  given: CommandGiven,
  part: Part = { isPart: false, receipts: undefined },
): Promise<ExitCode> {
  const { transaction, confirmationToken } = made;
  if (transaction === undefined || !isKind(transaction.kind)) throw refused("the core's answer holds no transaction");
  const { confirm, release } = confirmGiven(given, open.core, open.daemon, open.key);
  try {
    const events = confirmOpen(transaction, confirmationToken, { ...confirm, until: part.until });
    const { terminal } = given;
    const save = (name: string, json: Uint8Array): string =>
      saveReceipt(part.receipts ?? terminal.io.folder, name, json);
    return await report(events, terminal, {
      isPart: part.isPart,
      kind: transaction.kind,
      meant: undefined,
      key: open.key,
      saveReceipt: save,
    });
  } finally {
    release();
  }
}

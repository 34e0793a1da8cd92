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

/** A transaction that the core made (LINK, THAW, ENROL): its lines are shown here, on the key and on the phone. */
export async function takeToKey(
  made: { readonly transaction: WireTransaction | undefined; readonly confirmationToken: string },
  open: { readonly core: CoreConnection; readonly daemon: DaemonConnection; readonly key: LocalKey },
  given: CommandGiven,
): Promise<ExitCode> {
  const { transaction, confirmationToken } = made;
  if (transaction === undefined || !isKind(transaction.kind)) throw refused("the core's answer holds no transaction");
  const { confirm, release } = confirmGiven(given, open.core, open.daemon, open.key);
  try {
    const events = confirmOpen(transaction, confirmationToken, confirm);
    const { terminal } = given;
    const save = (name: string, json: Uint8Array): string => saveReceipt(terminal.io.folder, name, json);
    return await report(events, terminal, {
      kind: transaction.kind,
      meant: undefined,
      key: open.key,
      saveReceipt: save,
    });
  } finally {
    release();
  }
}

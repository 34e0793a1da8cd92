import { fromHex, toHex, verifyReceipt, type Line, type ReceiptState } from "@countersign/protocol";
import { ReceiptServiceGetRequest } from "@countersign/proto/node/core/v1/receipt_service";
import { call, type CoreConnection, type Pinned } from "@countersign/sdk";
import { CliError } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";

/** What a receipt has to be of. */
export interface Proven {
  readonly transactionId: string;
  readonly kind: number;
  readonly lines: readonly Line[];
  /** EXECUTING, once it is claimed and before anything is done. */
  readonly state: ReceiptState;
}

/**
 * Fetches the receipt and checks it: the user's key signed these very lines, and the pinned core says where it stands.
 * Throws a CliError (exit 20) without it; what a connection says is not enough.
 */
export async function proveReceipt(core: CoreConnection, meant: Proven, pinned: Pinned): Promise<Uint8Array> {
  const request = ReceiptServiceGetRequest.create({ transactionId: meant.transactionId });
  const json = Uint8Array.from((await call(core.receipts.get.bind(core.receipts), request, core)).receipt);
  const why = faultOf(json, meant, pinned);
  if (why === undefined) return json;
  const rest = meant.state === "EXECUTED" ? "" : "; nothing was done";
  throw new CliError(
    ExitCode.UNVERIFIED,
    `the answer does not verify (${why})${rest}. Trust your phone, not this machine`,
  );
}

function faultOf(json: Uint8Array, meant: Proven, pinned: Pinned): string | undefined {
  const finding = verifyReceipt(json, { serverId: fromHex(pinned.serverId), publicKeys: [...pinned.publicKeys] });
  if (!finding.ok) return `${finding.part}: ${finding.why}`;
  const { receipt, content } = finding;
  if (toHex(receipt.txId) !== meant.transactionId) return "it is of another transaction";
  if (receipt.state !== meant.state) return `it says ${receipt.state}`;
  const { lines } = content;
  const same =
    content.kind === meant.kind &&
    lines.length === meant.lines.length &&
    lines.every(({ label, value }, i) => label === meant.lines[i]?.label && value === meant.lines[i]?.value);
  return same ? undefined : "its lines are not those that were meant";
}

import { readFileSync, statSync } from "node:fs";
import { Kind } from "@countersign/protocol";
import { refused } from "../cli-error.ts";
import type { ExitCode } from "../exit-code.ts";
import { CAPS, PaymentFileError, readPaymentFile, type PaymentOrder } from "@countersign/payment-file";
import type { CommandGiven } from "../session.ts";
import { confirmMeaning, type ConfirmOptions } from "./confirm.ts";

/** `countersign pay FILE`: every payment of the file, confirmed as one transaction. */
export function payCommand(file: string, options: ConfirmOptions, given: CommandGiven): Promise<ExitCode> {
  const { fields, payload } = readOrder(file);
  return confirmMeaning({ kind: Kind.PAY, fields, payload }, options, given);
}

function readOrder(file: string): PaymentOrder {
  let bytes: Uint8Array;
  try {
    if (statSync(file).size > CAPS.bytes) throw new Error(`has more than ${CAPS.bytes} bytes; split it`);
    bytes = readFileSync(file);
  } catch (error) {
    throw refused(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return readPaymentFile(bytes);
  } catch (error) {
    if (error instanceof PaymentFileError) throw refused(`${file} is refused, nothing was sent\n${error.message}`);
    throw error;
  }
}

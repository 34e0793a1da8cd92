import { ReceiptServiceGetVerificationKeysRequest } from "@countersign/proto/node/core/v1/receipt_service";
import { bearer, type CoreConnection } from "@countersign/sdk";
import { bad, fine, type Finding } from "./finding.ts";

/** So much two clocks may differ before lifetimes and receipts look wrong to a reader. */
const MOST_SKEW_S = 30;

/** The core's clock as the head of its answer tells it, in whole seconds; "" when it does not answer. */
export function coreDate(core: CoreConnection): Promise<string> {
  return new Promise((resolve) => {
    const request = ReceiptServiceGetVerificationKeysRequest.create();
    const deadline = Date.now() + core.deadlineMs;
    core.receipts
      .getVerificationKeys(request, bearer(core.token), { deadline }, () => resolve(""))
      .on("metadata", (metadata) => resolve(String(metadata.get("date")[0] ?? "")));
  });
}

/** What the two clocks say. Nothing about a core that told no date: that it does not answer is another finding. */
export function clockFindings(date: string, nowMs: number): Finding[] {
  const skewS = Math.round((nowMs - Date.parse(date)) / 1000);
  if (Number.isNaN(skewS)) return [];
  if (Math.abs(skewS) <= MOST_SKEW_S) return [fine("the clocks of this PC and of the core agree")];
  const which = skewS > 0 ? "ahead of" : "behind";
  return [bad(`this PC's clock is ${Math.abs(skewS)} s ${which} the core's`, "set it: sudo timedatectl set-ntp true")];
}

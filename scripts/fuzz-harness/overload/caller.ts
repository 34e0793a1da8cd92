// One caller as the SDK is one: a core that is too busy is asked again when it says, so often and no more.
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { RetryInfo } from "@countersign/proto/google/rpc/error_details";
import { Status } from "@countersign/proto/google/rpc/status";

/** As in the SDK: clients/sdk/src/call.ts. */
const ATTEMPTS = 5;
const LONGEST_WAIT_MS = 8000;

/** What became of one try. */
export type Tried = "ok" | "refused" | "late" | "other";

export interface Try {
  readonly became: Tried;
  /** As the core told it. */
  readonly retryAfterMs: number | undefined;
}

/** What an answer other than OK means; `details` are grpc-status-details-bin. */
export function tried(code: status, details: Uint8Array | undefined): Try {
  if (code === status.DEADLINE_EXCEEDED) return { became: "late", retryAfterMs: undefined };
  if (code !== status.RESOURCE_EXHAUSTED) return { became: "other", retryAfterMs: undefined };
  const info = details && Status.decode(details).details.find(({ typeUrl }) => typeUrl.endsWith(".RetryInfo"));
  const delay = info && RetryInfo.decode(info.value).retryDelay;
  return { became: "refused", retryAfterMs: delay && Number(delay.seconds) * 1000 + delay.nanos / 1e6 };
}

/** One call with all its tries; what the last of them became. */
export async function callAsSdk(
  attempt: () => Promise<Try>,
  wait: (ms: number) => Promise<void> = sleep,
): Promise<Tried> {
  for (let n = 1; ; n++) {
    const { became, retryAfterMs } = await attempt();
    if (became !== "refused" || retryAfterMs === undefined || retryAfterMs > LONGEST_WAIT_MS || n === ATTEMPTS) {
      return became;
    }
    await wait(retryAfterMs);
  }
}

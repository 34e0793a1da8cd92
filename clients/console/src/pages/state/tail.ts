import type { AuditEvent } from "@countersign/proto/web/admin/v1/audit_service";
import { pause } from "@countersign/sdk/browser";
import { CoreFailure } from "../../connection/core-failure.ts";
import { audit } from "../../connection/core.ts";

/** Which events are followed. */
export interface Followed {
  readonly tenantId: string;
  /** As in AuditService.List; "": all. */
  readonly event: string;
}

export interface TailHears {
  readonly events: (events: readonly AuditEvent[]) => void;
  /** Whether nothing is missed just now. */
  readonly connected: (is: boolean) => void;
}

const AGAIN_MS = 2_000;

/**
 * Follows the audit from now on until `signal` ends it; an interrupted stream is taken up where it was. Throws what is no
 * refusal of the core's.
 */
export async function followAudit(of: Followed, hears: TailHears, signal: AbortSignal): Promise<void> {
  let cursor = "";
  const told = new Set<string>();
  while (!signal.aborted) {
    try {
      for await (const message of audit.tail({ ...of, cursor }, { signal })) {
        hears.connected(true);
        cursor = message.cursor;
        // Resumed, the core tells again what happened about that moment.
        const fresh = message.events.filter((event) => !told.has(idOf(event)));
        for (const event of fresh) remember(told, idOf(event));
        if (fresh.length > 0) hears.events(fresh);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CoreFailure)) throw error;
    }
    hears.connected(false);
    await pause(AGAIN_MS, signal);
  }
}

/** Which event it is, over all chains. */
export function idOf({ shard, seq, index }: AuditEvent): string {
  return `${shard}.${seq}.${index}`;
}

const MOST_REMEMBERED = 2_000;

function remember(told: Set<string>, id: string): void {
  told.add(id);
  if (told.size <= MOST_REMEMBERED) return;
  const [oldest = ""] = told;
  told.delete(oldest);
}

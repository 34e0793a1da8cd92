import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { AuditDraft } from "@countersign/core";
import { effectOf, type Effect } from "./effect.ts";

/** One committed change set as the chain tells it. */
export interface Committed {
  /** Place in the order of commits. */
  readonly number: number;
  readonly changeId: string;
  readonly events: readonly AuditDraft[];
}

/** The store of an installation as it is on the disk, read beside the core that runs on it. */
export class StoreOnDisk {
  readonly #path: string;

  constructor(installation: { readonly folder: string }) {
    this.#path = join(installation.folder, "data/countersign.db");
  }

  /** Number of the last commit. */
  lastNumber(): number {
    return Number(this.#read("SELECT coalesce(max(number), ?) AS last FROM audit", 0)[0]?.["last"]);
  }

  /** What was committed after that number, in order. */
  trail(after = 0): Committed[] {
    return this.#read("SELECT number, entry FROM audit WHERE number > ? ORDER BY number", after).map(
      ({ number, entry }) => {
        const { change, events } = JSON.parse(String(entry)) as { change: string; events: AuditDraft[] };
        return { number: Number(number), changeId: change, events };
      },
    );
  }

  /** Whether of all that was made after that number every transaction is over and every chat shows what it should. */
  isQuiet(after: number): boolean {
    const busy = `SELECT 1 FROM entity WHERE row / 256 > ? AND type IN ('transaction', 'delivery', 'judged')
      AND (lane IS NOT NULL OR due IS NOT NULL) LIMIT 1`;
    return this.#read(busy, after).length === 0;
  }

  #read(sql: string, parameter: number): Record<string, unknown>[] {
    // The core is just opening it, or just dead: whoever repairs the log has the database for a moment.
    const db = new DatabaseSync(this.#path, { readOnly: true, timeout: 60_000 });
    try {
      return db.prepare(sql).all(parameter);
    } finally {
      db.close();
    }
  }
}

/** Every effect of a trail, in order. */
export function effectsOf(trail: readonly Committed[]): Effect[] {
  return trail.flatMap(({ events }) => events.map(effectOf));
}

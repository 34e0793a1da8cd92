import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Buggify, ChangeSet, Store } from "@countersign/core";
import { effectOf, textOf, type CrashAt } from "./effect.ts";

/** The file that names where to die, one place a line; the first is struck out before the core dies there. */
export const ARMED = "armed";
/** Every change set that the store acknowledged: `CHANGE_ID EFFECT EFFECT…`, one a line. */
export const ACKNOWLEDGED = "acknowledged";
/** One line for each time that a core began to serve. */
export const LIVES = "lives";

/** A store that ends its process where the folder's file says so. */
export class CrashingStore {
  readonly #folder: string;
  readonly #open: ChangeSet[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Dies at a point inside the store while a change set with the armed effect is in it. */
  readonly buggify: Buggify = (point) => {
    for (const change of this.#open) this.#dieAt(point, change);
  };

  around(store: Store): Store {
    return {
      load: (shard, ...keys) => store.load(shard, ...keys),
      commit: async (shard, change) => {
        this.#dieAt("before", change);
        this.#open.push(change);
        const outcome = await store.commit(shard, change);
        this.#open.splice(this.#open.indexOf(change), 1);
        if (outcome !== "committed") return outcome;
        this.#acknowledge(change);
        this.#dieAt("after", change);
        return outcome;
      },
      outcome: (shard, changeId) => store.outcome(shard, changeId),
      list: (shard, type, owner, page) => store.list(shard, type, owner, page),
      due: (until, limit) => store.due(until, limit),
      nextDue: () => store.nextDue(),
      lane: (lane, limit) => store.lane(lane, limit),
      subscribe: (listener) => store.subscribe(listener),
      audit: (shard, fromSeq, limit) => store.audit(shard, fromSeq, limit),
      now: () => store.now(),
      close: () => store.close(),
    };
  }

  #acknowledge({ changeId, audit }: ChangeSet): void {
    appendFileSync(join(this.#folder, ACKNOWLEDGED), `${[changeId, ...audit.map(effectOf)].join(" ")}\n`);
  }

  #dieAt(when: CrashAt["when"], { audit }: ChangeSet): void {
    const [next, ...later] = this.#armed();
    if (!audit.some((draft) => textOf({ when, effect: effectOf(draft) }) === next)) return;
    writeFileSync(join(this.#folder, ARMED), later.join("\n"));
    process.kill(process.pid, "SIGKILL");
  }

  #armed(): string[] {
    try {
      return readFileSync(join(this.#folder, ARMED), "utf8").split("\n");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}

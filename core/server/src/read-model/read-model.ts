// What administrators' lists are found by: an index that every core derives from the audit chains. docs/decisions/0027
import type { Log } from "../log.ts";
import { SHARDS, type Shard } from "../store/entity.ts";
import type { Store } from "../store/store.ts";
import { Follower, type FollowerGiven, type OpenFile } from "./follower.ts";

export interface ReadModelOptions {
  readonly store: Store;
  readonly log: Pick<Log, "info" | "warn">;
  readonly serverId: string;
  /** Path of the file; undefined: one without a name, built again by the next process. */
  readonly path?: string | undefined;
  readonly onSlice?: FollowerGiven["onSlice"];
}

/** How far the index is. */
export interface IndexProgress {
  readonly read: number;
  readonly of: number;
}

/**
 * Finds ids; tells nothing. It costs nothing before the first call of an administrator, and no payment ever waits for it:
 * no commit writes to it. Who writes to its file can hide what is there, until it is built anew; he can forge nothing,
 * because whatever is found is loaded from the store before it is told.
 */
export class ReadModel {
  readonly #follower: Follower;

  constructor({ store, log, serverId, path, onSlice }: ReadModelOptions) {
    this.#follower = new Follower({ store, log, file: { path, serverId }, onSlice });
  }

  get progress(): IndexProgress {
    return { read: this.#follower.read, of: SHARDS };
  }

  /** Up to which entry a shard is in the index, as far as that is known: where to begin to look. */
  reached(shard: Shard): number {
    return this.#follower.reached(shard);
  }

  /** Asks the index, with all that was committed before in it. undefined: there is none yet, look for yourself. */
  async use<T>(ask: (file: OpenFile) => T | Promise<T>): Promise<T | undefined> {
    const isThere = await this.#follower.settled();
    const { file } = this.#follower;
    if (!isThere || file === undefined) return undefined;
    try {
      return await ask(file);
    } catch (error) {
      if (!isOfSqlite(error)) throw error;
      // Only if it is still the one that failed: others may have met the same damage.
      if (this.#follower.file === file) this.#follower.reset(error);
      return undefined;
    }
  }

  close(): Promise<void> {
    return this.#follower.close();
  }
}

/** By its code: an error of the runtime is no `Error` of every realm. */
function isOfSqlite(error: unknown): error is Error {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return error.code === "ERR_SQLITE_ERROR" || error.code === "ERR_INVALID_STATE";
}

const models = new WeakMap<Store, ReadModel>();

interface ReadModelGiven {
  readonly store: Store;
  readonly log: Pick<Log, "info" | "warn">;
  readonly serverId: string;
  readonly readModel?: ReadModel;
}

/** That of a core; where none was made for it, one without a name, the same for all that work on this store. */
export function readModelOf(given: ReadModelGiven): ReadModel {
  if (given.readModel !== undefined) return given.readModel;
  const known = models.get(given.store);
  if (known !== undefined) return known;
  const made = new ReadModel(given);
  models.set(given.store, made);
  return made;
}

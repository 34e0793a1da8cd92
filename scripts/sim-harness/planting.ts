// How a bug is planted at a core's end of the store, without touching the core.
import type { EntityKey, EntityType } from "../../core/server/src/store/entity.ts";
import type { AnyWrite, ChangeSet, CommitOutcome, LoadedEntity, Store } from "../../core/server/src/store/store.ts";
import type { Transaction } from "../../core/server/src/transaction/transaction.ts";
import type { Plant } from "./plant.ts";

type Write = (write: AnyWrite, change: ChangeSet) => AnyWrite | undefined;
type Loaded = (entity: LoadedEntity<EntityType>) => LoadedEntity<EntityType>;

/** A store's end whose commits are altered on their way; undefined: that write is left out. */
function writing(alter: Write): Pick<Plant, "store"> {
  return { store: (real) => ended(real, { commit: (shard, change) => real.commit(shard, altered(change, alter)) }) };
}

function altered(change: ChangeSet, alter: Write): ChangeSet {
  return { ...change, writes: change.writes.flatMap((write) => alter(write, change) ?? []) };
}

/** A store's end that shows something else than there is. */
export function showing(show: Loaded): Pick<Plant, "store"> {
  return {
    store: (real) =>
      ended(real, {
        load: (async (shard: number, ...keys: EntityKey[]) => {
          const loaded = await real.load(shard, ...keys);
          return { ...loaded, entities: loaded.entities.map((one) => show(one)) };
        }) as never,
      }),
  };
}

export function ended(real: Store, other: Partial<Store>): Store {
  return new Proxy(real, {
    get: (_target, name) => {
      const member: unknown = Reflect.get(other, name) ?? Reflect.get(real, name);
      return typeof member === "function" ? (member.bind(real) as unknown) : member;
    },
  });
}

/** Replaces the body of writes of one type. */
export function bodies<T extends object>(
  type: EntityType,
  alter: (body: T, change: ChangeSet) => T | undefined,
): Pick<Plant, "store"> {
  return writing((write, change) => {
    if (write.key.type !== type || write.body === undefined) return write;
    const body = alter(write.body as T, change);
    return body === undefined ? undefined : ({ ...write, body } as AnyWrite);
  });
}

export function isEvent(change: ChangeSet, ...names: readonly string[]): boolean {
  return change.audit.some(({ event }) => names.includes(event));
}

/** A commit that is told to be done and never was. */
export function forgetting(when: (change: ChangeSet) => boolean): Pick<Plant, "store"> {
  return {
    store: (real) =>
      ended(real, {
        commit: async (shard, change): Promise<CommitOutcome> =>
          when(change) ? "committed" : real.commit(shard, change),
      }),
  };
}

export function but(body: Transaction, change: object): Transaction {
  return { ...body, ...change };
}

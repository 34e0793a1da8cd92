import type { CoreGiven } from "../given.ts";
import type { Store } from "../store/store.ts";

type Commit = (commit: Store["commit"], ...args: Parameters<Store["commit"]>) => ReturnType<Store["commit"]>;
type Load = (load: () => Promise<unknown>) => Promise<unknown>;

/** For tests: the same core over the same store, whose commits and loads go through these first. */
export function alterStore(given: CoreGiven, commit: Commit, load?: Load): CoreGiven {
  return { ...given, store: alteredStore(given.store, commit, load) };
}

/** For tests: this store, whose commits and loads go through these first. */
export function alteredStore(real: Store, commit: Commit, load: Load = (loading) => loading()): Store {
  return new Proxy(real, {
    get: (_target, name) => {
      const member: unknown = Reflect.get(real, name);
      if (typeof member !== "function") return member;
      const bound = member.bind(real) as (...args: unknown[]) => unknown;
      if (name === "commit") {
        return (...args: Parameters<Store["commit"]>) => commit(bound as Store["commit"], ...args);
      }
      return name === "load" ? (...args: unknown[]) => load(() => bound(...args) as Promise<unknown>) : bound;
    },
  });
}

/** For tests: the power goes before the n-th commit from now on. */
export class Crash extends Error {
  override readonly name = "Crash";
}

export function crashAt(given: CoreGiven, n: number): CoreGiven {
  let left = n;
  return alterStore(given, (commit, ...args) => {
    left -= 1;
    if (left <= 0) throw new Crash("the power went");
    return commit(...args);
  });
}

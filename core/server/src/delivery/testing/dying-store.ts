import type { Store } from "../../store/store.ts";

export type Moment = "before" | "after";

export interface DyingStore {
  readonly store: Store;
  died(): boolean;
  /** Commits that were tried so far. */
  commits(): number;
}

/** The store until its n-th commit: then nothing is written, or nobody learns that it was, and the process is gone. */
export function dyingStore(store: Store, n: number, moment: Moment): DyingStore {
  let commits = 0;
  const dying = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (commits >= n && name !== "now") return die;
      if (name !== "commit") return value.bind(target);
      return async (...args: Parameters<Store["commit"]>) => {
        commits += 1;
        if (commits < n) return target.commit(...args);
        if (moment === "after") await target.commit(...args);
        return die();
      };
    },
  });
  return { store: dying, died: () => commits >= n, commits: () => commits };
}

function die(): never {
  throw new Error("killed");
}

import { FakeClock } from "@countersign/testing";
import type { Store } from "./store.ts";

/** Opens an empty store over the clock; the suite closes it. */
export type OpenStore = (clock: { now(): Date }) => Promise<Store>;

/** Runs `body` on a store of its own. */
export async function withStore(
  open: OpenStore,
  body: (store: Store, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const store = await open(clock);
  try {
    await body(store, clock);
  } finally {
    await store.close();
  }
}

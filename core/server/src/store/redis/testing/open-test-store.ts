import { macKey, type MacKey } from "@countersign/protocol";
import { drawId, SHARD } from "../../store-fixture.ts";
import { StoreUnavailableError, type Store } from "../../store.ts";
import type { LinkOptions } from "../standalone-link.ts";
import { openStandaloneLink } from "../standalone-link.ts";
import { RedisStore, type RedisStoreOptions } from "../redis-store.ts";
import { until } from "./redis-cluster.ts";

export const TEST_KEY: MacKey = macKey(new Uint8Array(32).fill(7));

/** What tests connect with, to servers on the loopback interface. No call is late because the machine is busy. */
export function linkTo(ports: readonly number[], more: Partial<LinkOptions> = {}): LinkOptions {
  return {
    servers: ports.map((port) => ({ host: "127.0.0.1", port })),
    ...{ tls: undefined, username: undefined, password: undefined, database: 0, deadlineMs: 60_000 },
    durability: { replicas: 0, waitAof: false, waitMs: 1000 },
    onTrouble: () => {},
    ...more,
  };
}

/** A store over one server. Stores of one prefix share what is stored. */
export async function openTestStore(
  port: number,
  prefix: string,
  more: Partial<RedisStoreOptions> = {},
  link: Partial<LinkOptions> = {},
): Promise<RedisStore> {
  const store = new RedisStore({
    link: await openStandaloneLink(linkTo([port], link)),
    macKey: TEST_KEY,
    prefix,
    ...more,
  });
  await store.listen();
  return store;
}

/** Waits until a store has found its servers again, for reading and for writing: its connections come back one by one. */
export async function foundAgain(store: Store): Promise<void> {
  await until(async () => {
    try {
      await store.load(SHARD);
      await store.outcome(SHARD, drawId());
      return true;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return false;
      throw error;
    }
  });
}

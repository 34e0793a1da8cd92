import { macKey, type MacKey } from "@countersign/protocol";
import type { LinkOptions } from "../standalone-link.ts";
import { openStandaloneLink } from "../standalone-link.ts";
import { RedisStore, type RedisStoreOptions } from "../redis-store.ts";

export const TEST_KEY: MacKey = macKey(new Uint8Array(32).fill(7));

/** What tests connect with, to servers on the loopback interface. */
export function linkTo(ports: readonly number[], more: Partial<LinkOptions> = {}): LinkOptions {
  return {
    servers: ports.map((port) => ({ host: "127.0.0.1", port })),
    ...{ tls: undefined, username: undefined, password: undefined, database: 0, deadlineMs: 5000 },
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

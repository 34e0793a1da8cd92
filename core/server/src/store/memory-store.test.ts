import { FakeClock } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import type { EntityKey } from "./entity.ts";
import { openMemoryStore } from "./memory-store.ts";
import { testStoreContract } from "./store-contract.ts";
import { changing, drawId, SHARD, TENANT } from "./store-fixture.ts";

testStoreContract("the memory store", async (clock) => openMemoryStore({ clock }));

test("who writes into the bytes of a loaded body is found out", async () => {
  const store = openMemoryStore({ clock: new FakeClock() });
  const key: EntityKey<"transaction"> = { type: "transaction", tenant: TENANT, id: drawId() };
  const nonce = Uint8Array.of(1, 2, 3);
  await store.commit(SHARD, changing([{ key, expected: "", body: { nonce } as never }]));
  const { entities } = await store.load(SHARD, key);
  entities[0].body!.nonce.fill(0);
  await expect(store.load(SHARD, key)).rejects.toThrow("somebody wrote into the bytes of a loaded body");
});

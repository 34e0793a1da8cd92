import { join } from "node:path";
import { macKey } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { drawId } from "./store-fixture.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { testStoreContract } from "./store-contract.ts";

const folder = tempFolder();
const key = macKey(new Uint8Array(32).fill(7));

testStoreContract("the embedded store", async (clock) =>
  openSqliteStore({ folder: join(folder, drawId()), macKey: key, clock }),
);

testStoreContract("the embedded store without its cache", async (clock) =>
  openSqliteStore({ folder: join(folder, drawId()), macKey: key, clock, cacheBytes: 0 }),
);

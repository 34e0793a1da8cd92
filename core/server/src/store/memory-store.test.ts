import { openMemoryStore } from "./memory-store.ts";
import { testStoreContract } from "./store-contract.ts";

testStoreContract("the memory store", async (clock) => openMemoryStore({ clock }));

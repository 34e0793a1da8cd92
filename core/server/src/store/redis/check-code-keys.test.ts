import { chmodSync, cpSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { rotateCodeKey } from "../../code/rotate-code-key.ts";
import { loadOrCreateSecrets } from "../../secrets.ts";
import { openStorage } from "../../open-storage.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const root = tempFolder();
let server: RedisServer | undefined;

afterEach(() => server?.stop());

function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  chmodSync(to, 0o700);
}

peerTest(
  "a key that was added on each core, and not copied, stops the second one; what was copied does not",
  async () => {
    server = await startRedis({ folder: join(root, "redis") });
    const servers = [{ host: "127.0.0.1", port: server.port }];
    const url = { servers, tls: false, username: undefined, database: 0, master: undefined };
    const shared = { url, replicas: 0, password: undefined, ca: undefined };
    const start = async (secrets: string): Promise<void> => {
      const config = { data: undefined, secrets, development: false, store: shared };
      const { store } = await openStorage(config, { createShared: true });
      await store.close();
    };
    const [one, other, copied] = [join(root, "one"), join(root, "other"), join(root, "copied")];
    loadOrCreateSecrets(one, { create: true });
    copy(one, other);
    await start(one);
    await start(other);
    rotateCodeKey(one, "add");
    rotateCodeKey(other, "add");
    await start(one);
    await expect(start(other)).rejects.toThrow("K_code 2 in the secrets folder is not the one of the other cores");
    copy(one, copied);
    await start(copied);
    rotateCodeKey(one, "all");
    await start(one);
    await start(copied);
  },
);

// Secrets and store of an installation, wherever it is kept.
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { ConfigError, type CoreConfig, type StoreConfig } from "./config.ts";
import type { Log } from "./log.ts";
import type { CoreMetrics } from "./metrics/core-metrics.ts";
import { loadOrCreateSecrets, type Secrets } from "./secrets.ts";
import type { Buggify } from "./store/crash-point.ts";
import { DATABASE_FILE } from "./store/sqlite-database.ts";
import { openSqliteStore } from "./store/sqlite-store.ts";
import type { Store } from "./store/store.ts";

type StorageConfig = Pick<CoreConfig, "data" | "secrets" | "development"> & { readonly store?: CoreConfig["store"] };

/** What may be put around the store, and whether an installation is made where there is none. */
export interface StorageGiven {
  readonly buggify?: Buggify;
  readonly metrics?: CoreMetrics | undefined;
  /** Cores that share a store never make one: bootstrap does. */
  readonly createShared?: boolean;
  readonly log?: Log;
}

/** Secrets and store of an installation, made when there are none. */
export async function openStorage(
  config: StorageConfig,
  given: StorageGiven = {},
): Promise<{ secrets: Secrets; store: Store; broken: Promise<Error> }> {
  if (config.store !== undefined) return openShared(config.store, config, given);
  const { secrets: keys, data } = config;
  if (data === undefined) throw new ConfigError("data or store: one of them is needed");
  refuseSecretsInData({ data, secrets: keys });
  // A new key beside an old store would make all that is stored untrusted.
  const secrets = loadOrCreateSecrets(keys, { create: !existsSync(join(data, DATABASE_FILE)) });
  const { promise: broken, resolve: onStopped } = Promise.withResolvers<Error>();
  const { buggify, metrics } = given;
  const store = await openSqliteStore({
    ...{ folder: data, macKey: secrets.store, onStopped },
    ...(buggify === undefined ? {} : { buggify }),
    ...(metrics === undefined ? {} : { onGroup: (changes) => metrics.group(changes) }),
  });
  return { secrets, store, broken };
}

async function openShared(
  shared: StoreConfig,
  { secrets: keys, development }: StorageConfig,
  { createShared: create = false, log, metrics }: StorageGiven,
): Promise<{ secrets: Secrets; store: Store; broken: Promise<Error> }> {
  // The client library is loaded by those who use it.
  const { openRedisStore } = await import("./store/redis/open-redis-store.ts");
  let secrets: Secrets | undefined;
  const store = await openRedisStore({
    ...{ ...shared, create, development },
    keyFor: (isNew) => (secrets = loadOrCreateSecrets(keys, { create: isNew })).store,
    codeKeyIds: () => secrets?.codeKeyIds ?? new Map(),
    onTrouble: (error) => {
      metrics?.trouble();
      log?.warn({ error }, "the store");
    },
  });
  // It finds its way back by itself: nothing that happens to it ends this process.
  const { promise: broken } = Promise.withResolvers<Error>();
  if (secrets === undefined) throw new Error("the store was opened without its key");
  return { secrets, store, broken };
}

function refuseSecretsInData({ data, secrets }: { readonly data: string; readonly secrets: string }): void {
  const way = relative(resolve(data), resolve(secrets));
  if (way !== "" && (way === ".." || way.startsWith("../"))) return;
  throw new ConfigError(
    `secrets: ${secrets} lies in the data folder ${data}, where a backup would take both; choose another`,
  );
}

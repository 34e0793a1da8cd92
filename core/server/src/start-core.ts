import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { ConfigError, type CoreConfig, type StoreConfig } from "./config.ts";
import type { CoreGiven } from "./given.ts";
import { openLog, type Log } from "./log.ts";
import type { CoreMetrics } from "./metrics/core-metrics.ts";
import { Monitor } from "./metrics/monitor.ts";
import { RandomPool } from "./random-pool.ts";
import { Gate } from "./rpc/gate.ts";
import { serve } from "./rpc/server.ts";
import { loadOrCreateSecrets, type Secrets } from "./secrets.ts";
import { dueHandlersOf, servicesOf } from "./services.ts";
import type { Buggify } from "./store/crash-point.ts";
import type { HexId } from "./store/entity.ts";
import { DATABASE_FILE } from "./store/sqlite-database.ts";
import { openSqliteStore } from "./store/sqlite-store.ts";
import type { Store } from "./store/store.ts";
import { Sweeper } from "./sweep.ts";
import { serveWeb } from "./web/serve-web.ts";

/** A core that serves. */
export interface RunningCore {
  /** HOST:PORT as bound. */
  readonly address: string;
  /** The same of where pages may call; undefined where none may. */
  readonly webAddress: string | undefined;
  /** The same of /metrics, /healthz and /readyz; undefined where there are none. */
  readonly adminAddress: string | undefined;
  readonly serverId: HexId;
  /** COSE_Key bytes of the key that signs receipts: clients pin it at set-up. */
  readonly publicKey: Uint8Array;
  /** Resolves if the store stops by itself (the disk failed): drain, end the process, start again. */
  readonly broken: Promise<Error>;
  /** Ends streams with a hint to resume, answers calls in flight, closes the store. Once; later calls wait for the first. */
  drain(): Promise<void>;
}

/** How long calls in flight may take when the core ends. */
const DRAIN_MS = 10_000;

/** What a crash test may put around the store; nothing of it is reachable by configuration. */
export interface CoreSeams {
  /** The store that the services get, in place of the opened one. */
  readonly aroundStore?: (store: Store) => Store;
  readonly buggify?: Buggify;
}

/** Opens secrets and store, wires every service to them, serves. */
export async function startCore(
  config: CoreConfig,
  log: Log = openLog(config.logLevel),
  seams: CoreSeams = {},
): Promise<RunningCore> {
  const monitor = config.admin === undefined ? undefined : new Monitor();
  const {
    secrets,
    store: opened,
    broken,
  } = await openStorage(config, {
    ...{ ...seams, metrics: monitor?.metrics, log },
  });
  const seamed = seams.aroundStore?.(opened) ?? opened;
  const store = monitor?.around(seamed) ?? seamed;
  const draining = new AbortController();
  const gate = new Gate();
  const given: CoreGiven = {
    store,
    secrets,
    serverId: secrets.serverId,
    random: new RandomPool(),
    log,
    development: config.development,
    soleCore: config.store === undefined, // the embedded store lets one process in
    draining: draining.signal,
    gate,
    ...(monitor === undefined ? {} : { calls: monitor.metrics }),
  };
  const sweeper = new Sweeper(given, dueHandlersOf(given));
  try {
    const { listen, tls, maxStreams, development, admin } = config;
    const watched = { store, sweeper, draining: draining.signal };
    const adminAddress = admin && (await monitor?.serve({ listen: admin, tls }, watched));
    const services = servicesOf(given);
    const serving = await serve(services, { listen, tls, maxStreams, reflection: development });
    const web = config.web === undefined ? undefined : await serveWeb(services, { ...config.web, tls });
    sweeper.start();
    monitor?.setListening();
    const { address } = serving;
    const webAddress = web?.address;
    log.info({ address, webAddress, adminAddress, serverId: secrets.serverId, development }, "serving");
    let drained: Promise<void> | undefined;
    const drain = async (): Promise<void> => {
      serving.setNotServing();
      draining.abort();
      await Promise.all([serving.close(DRAIN_MS), web?.close(DRAIN_MS)]);
      await sweeper.stop();
      await store.close();
      await monitor?.close();
      log.info({}, "drained");
    };
    return {
      address,
      webAddress,
      adminAddress,
      serverId: secrets.serverId,
      publicKey: secrets.publicKey,
      broken,
      drain: () => (drained ??= drain()),
    };
  } catch (error) {
    await sweeper.stop();
    await store.close();
    await monitor?.close();
    throw error;
  }
}

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
  { createShared: create = false, log }: StorageGiven,
): Promise<{ secrets: Secrets; store: Store; broken: Promise<Error> }> {
  // The client library is loaded by those who use it.
  const { openRedisStore } = await import("./store/redis/open-redis-store.ts");
  let secrets: Secrets | undefined;
  const store = await openRedisStore({
    ...{ ...shared, create, development },
    keyFor: (isNew) => (secrets = loadOrCreateSecrets(keys, { create: isNew })).store,
    onTrouble: (error) => log?.warn({ error }, "the store"),
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

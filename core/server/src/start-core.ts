import { join } from "node:path";
import { ensureFirstAdmin } from "./admin/first-admin.ts";
import { AuditHeads } from "./audit/audit-heads.ts";
import { OpenCodes } from "./code/open-codes.ts";
import { type CoreConfig } from "./config.ts";
import type { CoreGiven } from "./given.ts";
import { openLog, type Log } from "./log.ts";
import { Monitor } from "./metrics/monitor.ts";
import { openStorage } from "./open-storage.ts";
import { RandomPool } from "./random-pool.ts";
import { INDEX_FILE } from "./read-model/index-file.ts";
import { ReadModel } from "./read-model/read-model.ts";
import { Gate } from "./rpc/gate.ts";
import { serve, type Serving } from "./rpc/server.ts";
import type { Secrets } from "./secrets.ts";
import { dueHandlersOf, servicesOf } from "./services.ts";
import type { Buggify } from "./store/crash-point.ts";
import type { HexId } from "./store/entity.ts";
import type { Store } from "./store/store.ts";
import { Sweeper } from "./sweep.ts";
import type { OpenTracing } from "./trace/open-tracing.ts";
import { Webhooks } from "./webhook/webhooks.ts";
import { serveWeb, type WebServing } from "./web/serve-web.ts";

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
  const parts = await openParts(config, log, seams);
  const { secrets, broken } = parts;
  try {
    await ensureFirstAdmin(parts.given, config.secrets);
    const listeners = await listen(config, parts);
    const { development } = config;
    const addresses = {
      address: listeners.serving.address,
      webAddress: listeners.web?.address,
      adminAddress: listeners.adminAddress,
    };
    log.info({ ...addresses, serverId: secrets.serverId, development }, "serving");
    let drained: Promise<void> | undefined;
    const drain = (): Promise<void> => (drained ??= drainCore(parts, listeners));
    return { ...addresses, serverId: secrets.serverId, publicKey: secrets.publicKey, broken, drain };
  } catch (error) {
    await closeParts(parts);
    throw error;
  }
}

/** What a core is made of besides its listeners. */
interface Parts {
  readonly given: CoreGiven & { readonly gate: Gate; readonly readModel: ReadModel };
  readonly secrets: Secrets;
  readonly broken: Promise<Error>;
  readonly sweeper: Sweeper;
  readonly openCodes: OpenCodes;
  /** Undefined: heads of the audit are signed when somebody asks for one. */
  readonly auditHeads: AuditHeads | undefined;
  readonly webhooks: Webhooks;
  /** Undefined: nobody asked for figures. */
  readonly monitor: Monitor | undefined;
  /** Undefined: no exporter is configured, and nothing of it is loaded. */
  readonly tracing: OpenTracing | undefined;
  readonly draining: AbortController;
}

async function openParts(config: CoreConfig, log: Log, { aroundStore, buggify }: CoreSeams): Promise<Parts> {
  const monitor = config.admin === undefined ? undefined : new Monitor();
  const tracing = await openTracing(config);
  const around = { metrics: monitor?.metrics, log, ...(buggify === undefined ? {} : { buggify }) };
  const { secrets, store: opened, broken } = await openStorage(config, around);
  const layers = [aroundStore, tracing?.aroundStore.bind(tracing), monitor?.around.bind(monitor)];
  const store = layers.reduce((inner: Store, layer) => layer?.(inner) ?? inner, opened);
  const draining = new AbortController();
  const given: Parts["given"] = {
    store,
    secrets,
    serverId: secrets.serverId,
    random: new RandomPool(),
    log,
    development: config.development,
    soleCore: config.store === undefined, // the embedded store lets one process in
    draining: draining.signal,
    webhookAllow: config.webhookAllow ?? [],
    gate: tracing?.gate ?? new Gate(),
    // What it reads in the background is no caller's: nobody counts or traces it.
    readModel: new ReadModel({ ...{ store: opened, log, serverId: secrets.serverId }, path: indexPath(config) }),
    ...(monitor === undefined ? {} : { calls: monitor.metrics }),
    ...(tracing === undefined ? {} : { trace: tracing.tracing }),
  };
  const sweeper = new Sweeper(given, dueHandlersOf(given));
  const openCodes = new OpenCodes(given);
  const auditHeads = config.auditHeads && new AuditHeads(given, config.auditHeads);
  const webhooks = new Webhooks(given);
  return { given, secrets, broken, sweeper, openCodes, auditHeads, webhooks, monitor, tracing, draining };
}

/** Cores that share a store have no folder of their own. */
function indexPath({ data }: CoreConfig): string | undefined {
  return data === undefined ? undefined : join(data, INDEX_FILE);
}

async function openTracing({ trace }: CoreConfig): Promise<OpenTracing | undefined> {
  if (trace === undefined) return undefined;
  const module = await import("./trace/open-tracing.ts");
  return new module.OpenTracing(trace);
}

interface Listeners {
  readonly serving: Serving;
  readonly web: WebServing | undefined;
  readonly adminAddress: string | undefined;
}

/** Monitoring answers first, and says "starting" until calls are answered. */
async function listen(config: CoreConfig, parts: Parts): Promise<Listeners> {
  const { given, sweeper, openCodes, auditHeads, webhooks, monitor, tracing, draining } = parts;
  const { tls, maxStreams, development, admin } = config;
  const watched = { store: given.store, sweeper, draining: draining.signal, line: () => given.gate.line };
  const adminAddress = admin && (await monitor?.serve({ listen: admin, tls }, watched));
  const services = servicesOf(given).map((service) => tracing?.aroundService(service) ?? service);
  const connections = monitor?.metrics;
  const serving = await serve(services, {
    ...{ listen: config.listen, tls, maxStreams, connections },
    reflection: development,
  });
  try {
    const web = config.web === undefined ? undefined : await serveWeb(services, { ...config.web, tls });
    sweeper.start();
    openCodes.start();
    auditHeads?.start();
    webhooks.start();
    monitor?.setListening();
    return { serving, web, adminAddress };
  } catch (error) {
    await serving.close(0);
    throw error;
  }
}

async function drainCore(parts: Parts, { serving, web }: Listeners): Promise<void> {
  serving.setNotServing();
  parts.draining.abort();
  await Promise.all([serving.close(DRAIN_MS), web?.close(DRAIN_MS)]);
  await closeParts(parts);
  parts.given.log.info({}, "drained");
}

async function closeParts(parts: Parts): Promise<void> {
  const { given, sweeper, openCodes, auditHeads, webhooks, monitor, tracing } = parts;
  await Promise.all([sweeper.stop(), openCodes.stop(), auditHeads?.stop(), webhooks.stop(), given.readModel.close()]);
  await given.store.close();
  await tracing?.close();
  await monitor?.close();
}

// What `serve` is told: flags, variables and the file of settings, read once.
import type { AuditHeadsConfig } from "./audit/audit-heads.ts";
import { auditHeadsOf } from "./config/audit-heads-config.ts";
import { refusePlaintext, tlsOf, type Listen, type TlsFiles } from "./config/listen.ts";
import { readFile, readSetting, required, type Sources } from "./config/read-setting.ts";
import { refusal, type SettingName, type SettingValues } from "./config/settings.ts";
import { storeOf, type StoreConfig } from "./config/store-config.ts";
import { webOf, type WebConfig } from "./config/web-config.ts";
import type { LogLevel } from "./log.ts";
import type { TraceConfig } from "./trace/open-tracing.ts";

export { ConfigError } from "./config/config-error.ts";
export { isLoopback, type Listen, type TlsFiles } from "./config/listen.ts";
export type { Sources } from "./config/read-setting.ts";
export { describeSettings, STORE_FLAGS, variableOf } from "./config/settings.ts";
export type { StoreConfig } from "./config/store-config.ts";
export type { WebConfig } from "./config/web-config.ts";

/** All that `serve` is told. */
export interface CoreConfig {
  /** Folder of the embedded store; undefined where `store` is given. */
  readonly data: string | undefined;
  /** Undefined: the embedded store. */
  readonly store: StoreConfig | undefined;
  /** Folder of K_code, K_store, K_token and the signing key; never inside `data`. */
  readonly secrets: string;
  readonly listen: Listen;
  /** Undefined: plaintext, on loopback alone. */
  readonly tls: TlsFiles | undefined;
  /** Undefined: no page may call. */
  readonly web: WebConfig | undefined;
  /** Where monitoring asks: plaintext on loopback, else by `tls`. Undefined: nobody may, and nothing is counted. */
  readonly admin: Listen | undefined;
  /** Where spans go. Undefined: nothing is traced. */
  readonly trace?: TraceConfig | undefined;
  /** When the heads of the audit are signed, and where they go. Absent: when somebody asks for one. */
  readonly auditHeads?: AuditHeadsConfig;
  /** Hosts and addresses that webhooks may lead to although they are not public. Absent: none. */
  readonly webhookAllow?: readonly string[] | undefined;
  readonly development: boolean;
  readonly logLevel: LogLevel;
  readonly maxStreams: number;
}

/** Flags go before variables, those before the file (`--config`, COUNTERSIGN_CONFIG), that before the defaults. */
export function readConfig(sources: Sources): CoreConfig {
  const file = readFile(sources);
  const read = <N extends SettingName>(name: N): SettingValues[N] | undefined => readSetting(name, sources, file);
  const store = storeOf(read("store"), {
    ...{ passwordFile: read("storePasswordFile"), ca: read("storeCa") },
    replicas: required("storeReplicas", read("storeReplicas")),
  });
  const data = read("data");
  if (store !== undefined && data !== undefined)
    throw refusal("data", "is not used beside store: leave out one of the two");
  const config: CoreConfig = {
    data: store === undefined ? required("data", data) : undefined,
    store,
    secrets: required("secrets", read("secrets")),
    listen: required("listen", read("listen")),
    tls: tlsOf(read("tlsCert"), read("tlsKey"), read("tlsClientCa")),
    web: webOf({
      ...{ place: read("webListen"), pages: read("webOrigins"), clientCa: read("tlsClientCa") },
      ...{ console: read("console"), consoleOrigins: read("consoleOrigins") },
    }),
    admin: read("adminListen"),
    auditHeads: auditHeadsOf({
      ...{ file: read("auditHeads"), url: read("auditHeadsUrl"), allow: read("auditHeadsAllow") ?? [] },
      every: required("auditHeadsEvery", read("auditHeadsEvery")),
      entries: required("auditHeadsEntries", read("auditHeadsEntries")),
    }),
    trace: traceOf(read("otlpEndpoint"), required("otlpRatio", read("otlpRatio"))),
    webhookAllow: read("webhookAllow"),
    development: required("development", read("development")),
    logLevel: required("logLevel", read("logLevel")),
    maxStreams: required("maxStreams", read("maxStreams")),
  };
  refusePlaintext("listen", config.listen, config.tls);
  if (config.web !== undefined) refusePlaintext("webListen", config.web.listen, config.tls);
  if (config.admin !== undefined) refusePlaintext("adminListen", config.admin, config.tls);
  return config;
}

function traceOf(endpoint: string | undefined, ratio: number): TraceConfig | undefined {
  return endpoint === undefined ? undefined : { endpoint, ratio };
}

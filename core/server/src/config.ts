import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { originOf } from "@countersign/web-bridge";
import * as v from "valibot";
import type { LogLevel } from "./log.ts";
import { parseStoreUrl, type StoreUrl } from "./store/redis/store-url.ts";

/** Where the core listens; port 0 takes a free one. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** With it, clients without a certificate of this authority are turned away. */
  readonly clientCa: string | undefined;
}

/** Calls from pages in browsers. */
export interface WebConfig {
  readonly listen: Listen;
  /** Origins whose pages may call, each as a browser sends it. */
  readonly origins: readonly string[];
}

/** A store that several cores share. */
export interface StoreConfig {
  readonly url: StoreUrl;
  /** Undefined: the servers want none. */
  readonly password: string | undefined;
  /** PEM text of the authority that vouches for the servers; undefined: those that the system trusts. */
  readonly ca: string | undefined;
  /** Replicas that must hold a change before it counts. */
  readonly replicas: number;
}

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
  readonly development: boolean;
  readonly logLevel: LogLevel;
  readonly maxStreams: number;
}

/** A setting is missing or wrong. The message names the setting, its variable and its meaning. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

interface Setting {
  readonly meaning: string;
  readonly schema: v.GenericSchema<unknown, unknown>;
  readonly fallback?: string;
  /** Given as a flag without a value. */
  readonly isSwitch?: true;
}

const path = v.pipe(v.string(), v.nonEmpty("must not be empty"));
const listen = v.pipe(
  v.string(),
  v.regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(0|[1-9][0-9]{0,4})$/, "must be HOST:PORT, such as 127.0.0.1:8700"),
  v.transform(hostAndPort),
  v.check(({ port }) => port <= 65_535, "must have a port up to 65535"),
);
const origins = v.pipe(
  v.union([v.array(v.string()), v.pipe(v.string(), v.transform(splitList))], "must be origins"),
  v.minLength(1, "must name one origin at least"),
  v.everyItem(
    isPageOrigin,
    "must be origins as browsers send them, such as https://bank.example: http on localhost alone",
  ),
);
const onOff = v.pipe(
  v.union([v.boolean(), v.picklist(["true", "false"])], "must be true or false"),
  v.transform((value) => value === true || value === "true"),
);
const streams = v.pipe(
  v.union(
    [v.pipe(v.number(), v.integer()), v.pipe(v.string(), v.regex(/^[0-9]+$/), v.transform(Number))],
    "must be a number",
  ),
  v.minValue(1, "must be 1 to 1000"),
  v.maxValue(1000, "must be 1 to 1000"),
);

const storeUrl = v.pipe(
  v.string(),
  v.transform((text) => parseStoreUrl(text)),
  v.check(
    (url) => url !== undefined,
    "must be redis[s]://[USER@]HOST[:PORT][,HOST[:PORT]]...[/DATABASE or /MASTER], without a password",
  ),
);
const replicas = v.pipe(
  v.union(
    [v.pipe(v.number(), v.integer()), v.pipe(v.string(), v.regex(/^[0-9]+$/), v.transform(Number))],
    "must be a number",
  ),
  v.minValue(0, "must be 0 to 8"),
  v.maxValue(8, "must be 0 to 8"),
);

/** Flags are `--tls-cert`, variables COUNTERSIGN_TLS_CERT, members of the file tlsCert. */
const SETTINGS = {
  data: { meaning: "folder of the store", schema: path },
  secrets: {
    meaning: "folder of the keys that codes, tokens and the store are protected by, outside the data",
    schema: path,
  },
  store: { meaning: "redis:// or rediss:// of a store that several cores share, instead of data", schema: storeUrl },
  storePasswordFile: { meaning: "file of the password that Redis wants", schema: path },
  storeCa: { meaning: "PEM file of the authority that Redis' certificate is of", schema: path },
  storeReplicas: { meaning: "replicas that must hold a change before it counts", schema: replicas, fallback: "0" },
  listen: { meaning: "HOST:PORT to listen on; port 0 takes a free one", schema: listen, fallback: "127.0.0.1:8700" },
  tlsCert: { meaning: "PEM file of the server's certificate chain", schema: path },
  tlsKey: { meaning: "PEM file of the server's private key", schema: path },
  tlsClientCa: { meaning: "PEM file of the authority that clients need a certificate of", schema: path },
  webListen: { meaning: "HOST:PORT where pages in browsers may call; without it none may", schema: listen },
  webOrigins: { meaning: "origins whose pages may call, separated by commas", schema: origins },
  adminListen: { meaning: "HOST:PORT of /metrics, /healthz and /readyz; without it there are none", schema: listen },
  development: {
    meaning: "accept emulators and sandbox bots, serve reflection",
    schema: onOff,
    fallback: "false",
    isSwitch: true,
  },
  logLevel: {
    meaning: "debug, info, warn, error or silent",
    schema: v.picklist(["debug", "info", "warn", "error", "silent"], "must be debug, info, warn, error or silent"),
    fallback: "info",
  },
  maxStreams: { meaning: "calls at a time on one connection", schema: streams, fallback: "100" },
} as const satisfies Record<string, Setting>;
type SettingName = keyof typeof SETTINGS;

/** Flags that name a shared store. */
export const STORE_FLAGS: readonly string[] = ["store", "store-password-file", "store-ca", "store-replicas"];

export interface Sources {
  /** By flag name, as util.parseArgs returns them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Every setting as its user meets it. */
export function describeSettings(): { flag: string; variable: string; meaning: string; isSwitch: boolean }[] {
  return Object.entries(SETTINGS).map(([name, setting]) => ({
    flag: flagOf(name),
    variable: variableOf(name),
    meaning: setting.meaning,
    isSwitch: "isSwitch" in setting,
  }));
}

/** `tlsCert` → `tls-cert`. */
function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `tlsCert` → `COUNTERSIGN_TLS_CERT`. */
export function variableOf(name: string): string {
  return `COUNTERSIGN_${flagOf(name).replaceAll("-", "_").toUpperCase()}`;
}

/** Flags go before variables, those before the file (`--config`, COUNTERSIGN_CONFIG), that before the defaults. */
export function readConfig(sources: Sources): CoreConfig {
  const file = readFile(sources);
  const read = <N extends SettingName>(name: N): Read<N> | undefined => readSetting(name, sources, file);
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
    web: webOf(read("webListen"), read("webOrigins"), read("tlsClientCa")),
    admin: read("adminListen"),
    development: required("development", read("development")),
    logLevel: required("logLevel", read("logLevel")),
    maxStreams: required("maxStreams", read("maxStreams")),
  };
  refusePlaintext("listen", config.listen, config.tls);
  if (config.web !== undefined) refusePlaintext("webListen", config.web.listen, config.tls);
  if (config.admin !== undefined) refusePlaintext("adminListen", config.admin, config.tls);
  return config;
}

function refusePlaintext(
  name: "listen" | "webListen" | "adminListen",
  { host }: Listen,
  tls: TlsFiles | undefined,
): void {
  if (tls !== undefined || isLoopback(host)) return;
  throw refusal(name, `${host} is not this machine alone: give tlsCert and tlsKey, or listen on 127.0.0.1`);
}

type Read<N extends SettingName> = v.InferOutput<(typeof SETTINGS)[N]["schema"]>;

function readSetting<N extends SettingName>(
  name: N,
  { flags, env }: Sources,
  file: Readonly<Record<string, unknown>>,
): Read<N> | undefined {
  const setting: Setting = SETTINGS[name];
  const given = flags[flagOf(name)] ?? env[variableOf(name)] ?? file[name] ?? setting.fallback;
  if (given === undefined) return undefined;
  const result = v.safeParse(SETTINGS[name].schema, given);
  if (!result.success) throw refusal(name, result.issues[0].message);
  return result.output;
}

function readFile({ flags, env }: Sources): Readonly<Record<string, unknown>> {
  const name = flags["config"] ?? env["COUNTERSIGN_CONFIG"];
  if (name === undefined) return {};
  if (typeof name !== "string")
    throw new ConfigError("--config (COUNTERSIGN_CONFIG: JSON file of settings): must be a path");
  const file = name;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigError(`--config (COUNTERSIGN_CONFIG: JSON file of settings): ${file}: ${(error as Error).message}`);
  }
  const members = v.safeParse(v.record(v.string(), v.unknown()), json);
  if (!members.success || Array.isArray(json)) throw new ConfigError(`${file}: must be a JSON object of settings`);
  const unknown = Object.keys(members.output).filter((member) => !Object.hasOwn(SETTINGS, member));
  if (unknown.length > 0) {
    throw new ConfigError(
      `${file}: ${unknown.join(", ")} is no setting; there are ${Object.keys(SETTINGS).join(", ")}`,
    );
  }
  return members.output;
}

function tlsOf(cert: string | undefined, key: string | undefined, clientCa: string | undefined): TlsFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert !== undefined) throw refusal("tlsKey", "is needed beside tlsCert");
  if (key !== undefined) throw refusal("tlsCert", "is needed beside tlsKey");
  if (clientCa !== undefined) throw refusal("tlsCert", "is needed beside tlsClientCa");
  return undefined;
}

function webOf(
  place: Listen | undefined,
  pages: readonly string[] | undefined,
  clientCa: string | undefined,
): WebConfig | undefined {
  if (place === undefined && pages === undefined) return undefined;
  if (pages === undefined) throw refusal("webOrigins", "is needed beside webListen");
  if (place === undefined) throw refusal("webListen", "is needed beside webOrigins");
  if (clientCa !== undefined) {
    throw refusal("webListen", "pages have no certificate of tlsClientCa: leave out one of the two");
  }
  return { listen: place, origins: pages };
}

interface StoreSettings {
  readonly passwordFile: string | undefined;
  readonly ca: string | undefined;
  readonly replicas: number;
}

function storeOf(
  url: StoreUrl | undefined,
  { passwordFile, ca, replicas: count }: StoreSettings,
): StoreConfig | undefined {
  if (url === undefined) {
    if (passwordFile !== undefined) throw refusal("store", "is needed beside storePasswordFile");
    if (ca !== undefined) throw refusal("store", "is needed beside storeCa");
    if (count > 0) throw refusal("store", "is needed beside storeReplicas");
    return undefined;
  }
  const open = url.servers.find(({ host }) => !isLoopback(host));
  if (!url.tls && open !== undefined) {
    throw refusal(
      "store",
      `${open.host} is not this machine: what is stored would cross the network readable; give rediss://`,
    );
  }
  if (!url.tls && ca !== undefined) throw refusal("storeCa", "is for rediss://");
  return {
    url,
    password: passwordFile === undefined ? undefined : readText("storePasswordFile", passwordFile).trim(),
    ca: ca === undefined ? undefined : readText("storeCa", ca),
    replicas: count,
  };
}

function readText(name: SettingName, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw refusal(name, error instanceof Error ? error.message : String(error));
  }
}

function required<T>(name: SettingName, value: T | undefined): T {
  if (value !== undefined) return value;
  throw refusal(name, "is required");
}

function refusal(name: SettingName, rule: string): ConfigError {
  return new ConfigError(`--${flagOf(name)} (${variableOf(name)}: ${SETTINGS[name].meaning}): ${rule}`);
}

function splitList(text: string): string[] {
  return text.split(",").map((each) => each.trim());
}

function isPageOrigin(text: string): boolean {
  return originOf(text) !== undefined;
}

function hostAndPort(text: string): Listen {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(text.slice(colon + 1)) };
}

/** Whether only programs of this machine get there. Names other than localhost may resolve to anything. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith("127.");
  return host === "::1" || host === "localhost";
}

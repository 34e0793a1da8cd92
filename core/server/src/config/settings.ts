import { originOf } from "@countersign/web-bridge";
import * as v from "valibot";
import type { LogLevel } from "../log.ts";
import { parseStoreUrl, type StoreUrl } from "../store/redis/store-url.ts";
import { ConfigError } from "./config-error.ts";

/** What a setting is, in the words that its refusals use. */
export interface Setting<T = unknown> {
  readonly meaning: string;
  readonly schema: v.GenericSchema<unknown, T>;
  readonly fallback?: string;
  /** Given as a flag without a value. */
  readonly isSwitch?: true;
}

/** What each setting is read as. */
export interface SettingValues {
  readonly data: string;
  readonly secrets: string;
  readonly store: StoreUrl | undefined;
  readonly storePasswordFile: string;
  readonly storeCa: string;
  readonly storeReplicas: number;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly tlsClientCa: string;
  readonly webListen: { readonly host: string; readonly port: number };
  readonly webOrigins: readonly string[];
  readonly console: string;
  readonly consoleOrigins: readonly string[];
  readonly adminListen: { readonly host: string; readonly port: number };
  readonly auditHeads: string;
  readonly auditHeadsUrl: string;
  readonly auditHeadsAllow: readonly string[];
  readonly auditHeadsEvery: number;
  readonly auditHeadsEntries: number;
  readonly webhookAllow: readonly string[];
  readonly otlpEndpoint: string;
  readonly otlpRatio: number;
  readonly development: boolean;
  readonly logLevel: LogLevel;
  readonly maxStreams: number;
}
export type SettingName = keyof SettingValues;

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

const collector = v.pipe(
  v.string(),
  v.check(isCollector, "must be http://HOST[:PORT][/PATH] or https://, without user, query and fragment"),
);
const ratio = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^[0-9]+(\.[0-9]+)?$/), v.transform(Number))], "must be a number"),
  v.minValue(0, "must be 0 to 1"),
  v.maxValue(1, "must be 0 to 1"),
);

const postTo = v.pipe(
  v.string(),
  v.check(
    isPostTo,
    "must be https://HOST[:PORT][/PATH], without user and fragment; http:// only to a host of audit-heads-allow",
  ),
);
const hosts = v.pipe(
  v.union([v.array(v.string()), v.pipe(v.string(), v.transform(splitList))], "must be hosts or addresses"),
  v.everyItem((host) => /^[0-9A-Za-z.:-]+$/.test(host), "must be hosts or addresses, separated by commas"),
);
const count = (most: number): v.GenericSchema<unknown, number> => {
  const rule = `must be 0 to ${most}`;
  return v.pipe(
    v.union([v.pipe(v.number(), v.integer()), v.pipe(v.string(), v.regex(/^[0-9]+$/), v.transform(Number))], rule),
    v.minValue(0, rule),
    v.maxValue(most, rule),
  );
};

/** Flags are `--tls-cert`, variables COUNTERSIGN_TLS_CERT, members of the file tlsCert. */
export const SETTINGS: { readonly [N in SettingName]: Setting<SettingValues[N]> } = {
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
  console: {
    meaning: "folder of the administrators' console, or none; without it the installed one where webListen is loopback",
    schema: path,
  },
  consoleOrigins: { meaning: "origins that the console is reached by, where a proxy is before it", schema: origins },
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
  auditHeads: { meaning: "file that signed audit heads are appended to, outside the data", schema: path },
  auditHeadsUrl: { meaning: "https:// that signed audit heads are posted to", schema: postTo },
  auditHeadsAllow: {
    meaning: "hosts and addresses that audit-heads-url may lead to although they are not public, separated by commas",
    schema: hosts,
  },
  auditHeadsEvery: {
    meaning: "seconds between two audit heads; 0: none by time",
    schema: count(86_400),
    fallback: "600",
  },
  auditHeadsEntries: {
    meaning: "changes between two audit heads; 0: none by their number",
    schema: count(1_000_000_000),
    fallback: "10000",
  },
  webhookAllow: {
    meaning: "hosts and addresses that webhooks may lead to although they are not public, separated by commas",
    schema: hosts,
  },
  otlpEndpoint: {
    meaning: "http:// or https:// of an OpenTelemetry collector; without it nothing is traced",
    schema: collector,
  },
  otlpRatio: { meaning: "part of the traces that is kept, 0 to 1", schema: ratio, fallback: "1" },
  maxStreams: { meaning: "calls at a time on one connection", schema: streams, fallback: "100" },
};

/** Flags that name a shared store. */
export const STORE_FLAGS: readonly string[] = ["store", "store-password-file", "store-ca", "store-replicas"];

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
export function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `tlsCert` → `COUNTERSIGN_TLS_CERT`. */
export function variableOf(name: string): string {
  return `COUNTERSIGN_${flagOf(name).replaceAll("-", "_").toUpperCase()}`;
}

export function refusal(name: SettingName, rule: string): ConfigError {
  return new ConfigError(`--${flagOf(name)} (${variableOf(name)}: ${SETTINGS[name].meaning}): ${rule}`);
}

function splitList(text: string): string[] {
  return text.split(",").map((each) => each.trim());
}

function isPageOrigin(text: string): boolean {
  return originOf(text) !== undefined;
}

function isCollector(text: string): boolean {
  const url = URL.parse(text);
  const known = url?.protocol === "http:" || url?.protocol === "https:";
  return known && url.username + url.password + url.search + url.hash === "";
}

function isPostTo(text: string): boolean {
  const url = URL.parse(text);
  const known = url?.protocol === "http:" || url?.protocol === "https:";
  return known && url.username + url.password + url.hash === "";
}

function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(text.slice(colon + 1)) };
}

import { fromHex, importPublicKey } from "@countersign/protocol";
import * as v from "valibot";
import { refused } from "../cli-error.ts";
import { configPath, readConfigFile } from "./config-file.ts";
import { SETTINGS, type SettingKey } from "./setting.ts";

/** Where a setting came from, for messages and `doctor`. */
type Origin = "flag" | "environment" | "file" | "default";

const ADDRESS: v.GenericSchema<unknown, string> = v.pipe(
  v.string(),
  v.regex(/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}(?:,(?:\[[0-9a-fA-F:]+\]|[0-9.]+):\d{1,5})*$/),
);
const PATH: v.GenericSchema<unknown, string> = v.pipe(v.string(), v.minLength(1), v.regex(/^[^\0\n]+$/));
const CORE_KEYS: v.GenericSchema<unknown, string[]> = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((keys) => (typeof keys === "string" ? keys.split(",").map((key) => key.trim()) : keys)),
  v.minLength(1),
  v.everyItem(isCoseKey),
);
const SCHEMA: { readonly [K in SettingKey]: v.GenericSchema<unknown, Value<K>> } = {
  core: ADDRESS,
  serverId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  coreKeys: CORE_KEYS,
  tokenFile: PATH,
  executeTokenFile: PATH,
  adminTokenFile: PATH,
  daemon: PATH,
  user: v.pipe(v.string(), v.regex(/^[A-Za-z0-9._@+-]{1,64}$/)),
  ca: PATH,
  cert: PATH,
  certKey: PATH,
  patience: v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.regex(/^(?:[0-5]?\d{1,2}|600)$/)),
};

/** One path, address or name each; several keys. */
type Value<K extends SettingKey> = K extends "coreKeys" ? string[] : string;

/** All settings, checked once. */
export interface Settings {
  readonly configPath: string;
  get<K extends SettingKey>(key: K): Value<K> | undefined;
  /** Throws a CliError that names flag, variable and meaning when it is absent. */
  need<K extends SettingKey>(key: K): Value<K>;
  originOf(key: SettingKey): Origin | undefined;
}

/** Flags before environment before file before default. Throws a CliError (exit 2) naming what is wrong and where. */
export function readSettings(
  flags: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const path = configPath(flags["config"], env);
  const file = readConfigFile(path);
  if (file === undefined && flags["config"] !== undefined) throw refused(`--config ${path}: there is no such file`);
  refuseUnknown(file ?? {}, path);
  const values = new Map<SettingKey, unknown>();
  const origins = new Map<SettingKey, Origin>();
  for (const key of Object.keys(SETTINGS) as SettingKey[]) {
    const found = firstOf(key, flags, env, file ?? {});
    if (found === undefined) continue;
    values.set(key, parse(key, found.value, placeOf(key, found.origin, path)));
    origins.set(key, found.origin);
  }
  return {
    configPath: path,
    get: <K extends SettingKey>(key: K) => values.get(key) as Value<K> | undefined,
    need: <K extends SettingKey>(key: K) => (values.get(key) ?? absent(key)) as Value<K>,
    originOf: (key) => origins.get(key),
  };
}

function firstOf(
  key: SettingKey,
  flags: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
  file: Readonly<Record<string, unknown>>,
): { readonly value: unknown; readonly origin: Origin } | undefined {
  const setting = SETTINGS[key];
  const flag = flags[key];
  if (flag !== undefined) return { value: flag, origin: "flag" };
  const variable = env[setting.env];
  if (variable !== undefined && variable !== "") return { value: variable, origin: "environment" };
  if (Object.hasOwn(file, setting.file)) return { value: file[setting.file], origin: "file" };
  const runtime = env["XDG_RUNTIME_DIR"];
  if (key === "daemon" && runtime !== undefined && runtime !== "") {
    return { value: `${runtime}/countersign/daemon.sock`, origin: "default" };
  }
  return undefined;
}

function parse(key: SettingKey, value: unknown, place: string): unknown {
  const parsed = v.safeParse(SCHEMA[key], value);
  if (parsed.success) return parsed.output;
  throw refused(`${place}: expected ${SETTINGS[key].meaning}`);
}

function placeOf(key: SettingKey, origin: Origin, path: string): string {
  const { flag, env, file } = SETTINGS[key];
  const places = { flag, environment: env, file: `${path}: ${file}`, default: "XDG_RUNTIME_DIR" };
  return places[origin];
}

function absent(key: SettingKey): never {
  const { flag, env, meaning } = SETTINGS[key];
  throw refused(`${flag} or ${env} is needed: ${meaning}; or run countersign setup`);
}

function refuseUnknown(file: Readonly<Record<string, unknown>>, path: string): void {
  const known: readonly string[] = Object.values(SETTINGS).map((setting) => setting.file);
  const unknown = Object.keys(file).find((member) => !known.includes(member));
  if (unknown !== undefined) throw refused(`${path}: "${unknown}" is no setting; known are ${known.join(", ")}`);
}

function isCoseKey(hex: string): boolean {
  try {
    importPublicKey(fromHex(hex));
    return true;
  } catch {
    return false;
  }
}

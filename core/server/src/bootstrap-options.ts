import { readFileSync } from "node:fs";
import * as v from "valibot";
import { ConfigError, readConfig, STORE_FLAGS, variableOf, type StoreConfig } from "./config.ts";
import type { Platform, Scope } from "./identity/tenant.ts";
import { parsePolicy } from "./policy/policy-document.ts";
import type { Policy } from "./policy/policy.ts";

export interface BootstrapOptions {
  readonly data: string | undefined;
  /** Undefined: the embedded store in `data`. */
  readonly store?: StoreConfig | undefined;
  readonly secrets: string;
  /** Also over a shared store whose settings let acknowledged work vanish. */
  readonly development?: boolean;
  /** Folder of the token files; made 0700 when absent. */
  readonly out: string;
  readonly tenant: string;
  readonly issuer: string;
  /** Undefined: the default for a new tenant, its own for one that exists. */
  readonly policy: Policy | undefined;
  /** File of the FIDO Alliance or of a vendor, from which the policy takes who vouches for the models that it names. */
  readonly fidoMetadata?: string | undefined;
  readonly apps: readonly { readonly name: string; readonly scope: Scope }[];
  readonly bots: readonly { readonly name: string; readonly platform: Platform }[];
}

interface Flag {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
}

export const BOOTSTRAP_FLAGS: Readonly<Record<string, Flag>> = {
  data: { type: "string" },
  ...Object.fromEntries(STORE_FLAGS.map((flag) => [flag, { type: "string" as const }])),
  secrets: { type: "string" },
  development: { type: "boolean" },
  out: { type: "string" },
  tenant: { type: "string" },
  issuer: { type: "string" },
  policy: { type: "string" },
  "fido-metadata": { type: "string" },
  app: { type: "string", multiple: true },
  bot: { type: "string", multiple: true },
};

const MEANING = {
  data: "folder of the store",
  secrets: "folder of the keys",
  out: "folder that the token files go to",
  tenant: "the relying party's name",
  issuer: "the relying party's name on every display, unique, at most 20 columns",
};

/** Also a file's name, hence the narrow alphabet. */
const name = v.pipe(v.string(), v.regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/));
const app = v.tuple([name, v.picklist(["submit", "execute"])]);
const bot = v.tuple([name, v.picklist(["telegram", "matrix", "mail", "sms", "sandbox"])]);

/** From flags, by the names of BOOTSTRAP_FLAGS; those that are named once also from COUNTERSIGN_DATA and so on. */
export function readBootstrap(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): BootstrapOptions {
  const text = (flag: keyof typeof MEANING): string => {
    const value = flags[flag] ?? env[variableOf(flag)];
    if (typeof value === "string" && value !== "") return value;
    throw new ConfigError(`--${flag} (${variableOf(flag)}: ${MEANING[flag]}): is required`);
  };
  const apps = pairs(flags["app"], app, "--app: must be NAME:submit or NAME:execute, NAME of a-z, 0-9 and -");
  const bots = pairs(flags["bot"], bot, "--bot: must be NAME:PLATFORM, such as help:telegram, NAME of a-z, 0-9 and -");
  const names = [...apps, ...bots].map(([one]) => one);
  if (new Set(names).size < names.length) throw new ConfigError("--app, --bot: each needs a name of its own");
  return {
    ...readPlace(flags, env),
    secrets: text("secrets"),
    out: text("out"),
    tenant: text("tenant"),
    issuer: text("issuer"),
    policy: readPolicy(flags["policy"]),
    fidoMetadata: readMetadataFlag(flags),
    apps: apps.map(([one, scope]) => ({ name: one, scope })),
    bots: bots.map(([one, platform]) => ({ name: one, platform })),
  };
}

// The same settings as those of the core that will serve, read in the same way.
function readPlace(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Pick<BootstrapOptions, "data" | "store" | "development"> {
  const own = ["data", "secrets", "development", ...STORE_FLAGS].map((flag) => [flag, flags[flag]]);
  const { data, store, development } = readConfig({
    flags: Object.fromEntries(own),
    env: { ...env, COUNTERSIGN_CONFIG: undefined },
  });
  return { data, store, development };
}

function readMetadataFlag({ "fido-metadata": path, policy }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof path !== "string") return undefined;
  if (typeof policy === "string") return path;
  throw new ConfigError("--fido-metadata: give --policy as well, whose fidoModels it is for");
}

function readPolicy(flag: unknown): Policy | undefined {
  if (typeof flag !== "string") return undefined;
  try {
    return parsePolicy(JSON.parse(readFileSync(flag, "utf8")));
  } catch (error) {
    throw new ConfigError(`--policy: ${flag}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function pairs<T>(flag: unknown, schema: v.GenericSchema<unknown, T>, rule: string): T[] {
  const given: unknown[] = Array.isArray(flag) ? flag : [];
  return given.map((one) => {
    const result = v.safeParse(schema, String(one).split(":"));
    if (!result.success) throw new ConfigError(`${rule}; got ${String(one)}`);
    return result.output;
  });
}

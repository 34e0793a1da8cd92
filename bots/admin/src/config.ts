import { readFileSync, statSync } from "node:fs";
import { LOCALES, readSecret, type Secret } from "@countersign/bot-kit";
import * as v from "valibot";

/** One who may write to the bot. */
export interface Administrator {
  /** Telegram: numeric user id. Matrix: user id. Never a name that can move to somebody else. */
  readonly id: string;
  /** As in /whoami. */
  readonly name: string;
  readonly locale: string;
  /** Whether he is told without asking. */
  readonly alerts: boolean;
  /** Matrix: his cross-signing identity; what comes from any other is a stranger's. "": none is pinned. */
  readonly identity: string;
}

interface Common {
  readonly core: {
    /** `host:port`. */
    readonly address: string;
    /** PEM; absent: the machine's authorities. */
    readonly ca?: string | undefined;
    /** Loopback alone. */
    readonly plaintext: boolean;
  };
  /** Holds the `cs_admin_` token of an operator. */
  readonly tokenFile: string;
  readonly administrators: readonly Administrator[];
  /** Folder of this bot alone. */
  readonly state: string;
  /** IANA name; absent: the machine's. */
  readonly zone?: string | undefined;
  /** Whether heads of the audit are posted, where the core makes events of them. */
  readonly sealedHeads: boolean;
}

interface TelegramConfig extends Common {
  readonly platform: "telegram";
  readonly telegram: { readonly tokenFile: string; readonly apiRoot: string };
}

interface MatrixConfig extends Common {
  readonly platform: "matrix";
  readonly matrix: {
    readonly homeserver: string;
    readonly user: string;
    readonly passwordFile: string;
    readonly store: string;
    readonly storeKeyFile: string;
    readonly recoveryKeyFile: string;
    readonly devices: "signed" | "all";
  };
}

export type Config = TelegramConfig | MatrixConfig;

const path = v.pipe(v.string(), v.minLength(1));

const administrator = v.strictObject({
  id: v.string(),
  name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9._@+-]{1,64}$/)),
  locale: v.optional(v.picklist(LOCALES), "en"),
  alerts: v.optional(v.boolean(), true),
  identity: v.optional(v.string(), ""),
});

const common = {
  core: v.strictObject({
    address: v.pipe(v.string(), v.regex(/^.+:\d{1,5}$/)),
    ca: v.optional(path),
    plaintext: v.optional(v.boolean(), false),
  }),
  tokenFile: path,
  administrators: v.pipe(v.array(administrator), v.minLength(1), v.maxLength(50)),
  state: path,
  zone: v.optional(v.string()),
  sealedHeads: v.optional(v.boolean(), false),
};

const SCHEMA: v.GenericSchema<unknown, Config> = v.variant("platform", [
  v.strictObject({
    ...common,
    platform: v.literal("telegram"),
    telegram: v.strictObject({
      tokenFile: path,
      apiRoot: v.optional(v.pipe(v.string(), v.url()), "https://api.telegram.org/"),
    }),
  }),
  v.strictObject({
    ...common,
    platform: v.literal("matrix"),
    matrix: v.strictObject({
      ...{ homeserver: v.pipe(v.string(), v.url()), user: v.string(), passwordFile: path },
      ...{ store: path, storeKeyFile: path, recoveryKeyFile: path },
      devices: v.optional(v.picklist(["signed", "all"]), "signed"),
    }),
  }),
]);

const IDS = {
  telegram: { shape: /^[1-9]\d{0,15}$/, meaning: "a numeric Telegram user id, such as 4242; names move" },
  matrix: { shape: /^@[^:\s]+:\S+$/, meaning: "a Matrix user id, such as @anna:example.org" },
} as const;

/** Reads the file. Throws an Error that names the member and what belongs there. */
export function readConfig(file: string): Config {
  return checkConfig(parse(file), file);
}

/** The same of what was read. */
export function checkConfig(value: unknown, file: string): Config {
  const result = v.safeParse(SCHEMA, value);
  if (!result.success) {
    const [issue] = result.issues;
    throw new Error(`${file}: ${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
  }
  const config = result.output;
  const { shape, meaning } = IDS[config.platform];
  for (const [i, { id }] of config.administrators.entries()) {
    if (!shape.test(id)) throw new Error(`${file}: administrators.${i}.id: must be ${meaning}`);
  }
  for (const member of ["id", "name"] as const) {
    const all = config.administrators.map((one) => one[member]);
    const twice = all.find((one, i) => all.indexOf(one) !== i);
    if (twice !== undefined) throw new Error(`${file}: administrators: ${member} ${twice} stands there twice`);
  }
  if (config.zone !== undefined) checkZone(config.zone, file);
  return config;
}

/** A secret that only its owner may read. Throws, naming the file, when others may too. */
export function readOwnSecret(name: string, file: string): Secret {
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Error(`${file} holds the ${name} and may be read by others: chmod 600 ${file}`);
  }
  return readSecret(name, file);
}

function parse(file: string): unknown {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${file}: is not JSON`);
  }
}

function checkZone(zone: string, file: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone }).format();
  } catch {
    throw new Error(`${file}: zone: ${zone} is no zone of this machine: an IANA name such as Europe/Berlin`);
  }
}

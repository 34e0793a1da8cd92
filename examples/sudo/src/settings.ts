import { fromHex } from "@countersign/protocol";
import { readTokenFile, type Pinned, type Token } from "@countersign/sdk";
import * as v from "valibot";
import { OwnedFileError, readOwned } from "./owned-file.ts";

/** What this host needs to ask for a confirmation. README.md explains each member. */
export interface Settings {
  /** `host:port`; plaintext on loopback alone. */
  readonly core: string;
  /** PEM file of the authority that signed the core's certificate; absent: the system's. */
  readonly ca: string | undefined;
  readonly pinned: Pinned;
  /** Files with tokens of scope `submit` and of scope `execute`. */
  readonly submitToken: string;
  readonly executeToken: string;
  /** What key and phone call this host. */
  readonly host: string;
  /** Accounts of this host, with the name by which the core knows their owner. Nobody else gets in. */
  readonly users: ReadonlyMap<string, string>;
  /** Socket of the device daemon on this host; "elsewhere": the owner confirms at his own PC. */
  readonly key: string;
  readonly waitSeconds: number;
  /** Services that give rights to somebody who is logged in already; every other one is a login. */
  readonly grantServices: readonly string[];
}

const PATH = v.pipe(v.string(), v.startsWith("/"));
const FILE = v.strictObject({
  core: v.pipe(v.string(), v.regex(/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/)),
  ca: v.optional(PATH),
  serverId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  coreKeys: v.pipe(v.array(v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2})+$/))), v.minLength(1)),
  submitToken: PATH,
  executeToken: PATH,
  host: v.pipe(v.string(), v.regex(/^[A-Za-z0-9.-]{1,64}$/)),
  users: v.record(v.string(), v.pipe(v.string(), v.regex(/^[A-Za-z0-9._@+-]{1,64}$/))),
  key: v.optional(v.union([v.literal("elsewhere"), PATH]), "elsewhere"),
  waitSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(600)), 100),
  grantServices: v.optional(v.array(v.string()), ["sudo", "sudo-i", "su", "su-l"]),
});

/** Reads the configuration. Throws OwnedFileError naming file, member and fix. */
export function readSettings(path: string, trusted?: ReadonlySet<number>): Settings {
  const given = { secret: false, ...(trusted === undefined ? {} : { trusted }) };
  const parsed = v.safeParse(FILE, parseJson(readOwned(path, given), path));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new OwnedFileError(`${path}: ${v.getDotPath(issue) ?? "the file"} is wrong (${issue.message})`);
  }
  const { serverId, coreKeys, users, ca, ...rest } = parsed.output;
  const pinned = { serverId, publicKeys: coreKeys.map(fromHex) };
  return { ...rest, ca, pinned, users: new Map(Object.entries(users)) };
}

/** A token of this host. Throws OwnedFileError. */
export function readToken(path: string): Token {
  readOwned(path, { secret: true });
  try {
    return readTokenFile(path);
  } catch (error) {
    throw new OwnedFileError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OwnedFileError(`${path}: is no JSON`);
  }
}

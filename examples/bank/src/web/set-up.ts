import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as v from "valibot";

/** What the bank's page is served with. */
export interface SetUp {
  readonly listen: { readonly host: string; readonly port: number };
  /** Folder of the built web client. */
  readonly site: string;
  /** Origins that the page has, as browsers send them; empty: those of the listener. */
  readonly origins: readonly string[];
  /** gRPC address of the core, for the bank itself. */
  readonly core: string;
  /** PEM file of the core's authority; needed where the core is on another machine. */
  readonly coreCa: string | undefined;
  /** Where pages reach the core by gRPC-Web. */
  readonly coreWeb: string;
  /** Token of scope submit, for grants. Never leaves the bank. */
  readonly submitToken: string;
  /** What the page checks answers and receipts against. */
  readonly pinned: { readonly serverId: string; readonly coreKeys: readonly string[] };
  /** Who may log in, and with which password. */
  readonly users: ReadonlyMap<string, string>;
}

export const USAGE = "usage: main.ts --set-up FILE --site FOLDER [--listen HOST:PORT] [--origin ORIGIN]...";

/** The bank cannot be started so. The message names the option, or file and member, and what should stand there. */
export class SetUpError extends Error {
  override readonly name = "SetUpError";
}

/** Reads command line and set-up file. Throws SetUpError. */
export function readSetUp(args: readonly string[]): SetUp {
  const { site, listen = "127.0.0.1:8703", origin = [], ...values } = optionsOf(args);
  const path = values["set-up"];
  if (path === undefined) {
    throw new SetUpError("--set-up: path of the JSON file that says where the core is and who it is");
  }
  if (site === undefined) throw new SetUpError("--site: folder of the built web client; scripts/build-web makes it");
  return { listen: listenOf(listen), site, origins: origin.map(originOf), ...readFile(path) };
}

function optionsOf(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = { "set-up": text, site: text, listen: text, origin: { ...text, multiple: true } } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw because(error);
  }
}

function listenOf(text: string): SetUp["listen"] {
  const [, host = "", port = ""] = /^(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/.exec(text) ?? [];
  if (host === "" || Number(port) > 65_535) {
    throw new SetUpError(
      `--listen ${text}: HOST:PORT of this machine, such as 127.0.0.1:8703; others come through a TLS proxy`,
    );
  }
  return { host: host.replaceAll(/[[\]]/g, ""), port: Number(port) };
}

function originOf(text: string): string {
  if (isOrigin(text)) return text;
  throw new SetUpError(`--origin ${text}: exactly as a browser sends it, such as https://bank.example`);
}

/** Scheme, host and port of a web address alone. Nothing in it means more than itself to a Content-Security-Policy. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, origin } = new URL(text);
  return /^https?:$/.test(protocol) && /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/.test(hostname) && origin === text;
}

const PATH = v.pipe(v.string(), v.nonEmpty());
const FILE = v.strictObject({
  core: v.pipe(v.string(), v.regex(/:\d{1,5}$/, "host:port of the core, for the bank itself")),
  coreCa: v.optional(PATH),
  coreWeb: v.pipe(
    v.string(),
    v.transform((text) => text.replace(/\/$/, "")),
    v.check(isOrigin, "where pages reach the core, without a path, such as https://core.example:8702"),
  ),
  serverId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, "32 hexadecimal digits, as the core prints them")),
  coreKeys: v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2})+$/, "a hexadecimal COSE key, as the core prints it"))),
    v.minLength(1, "the core's keys, without which no page believes it"),
  ),
  tokenFile: PATH,
  users: v.optional(
    v.pipe(
      v.unknown(),
      v.check((given) => !Array.isArray(given), "names, each with the path of a password file"),
      v.record(v.string(), PATH),
    ),
    {},
  ),
});

type FromFile = Omit<SetUp, "listen" | "site" | "origins">;

function readFile(path: string): FromFile {
  const parsed = v.safeParse(FILE, jsonIn(path));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new SetUpError(`${path}: ${v.getDotPath(issue) ?? "the file"} is wrong: ${issue.message}`);
  }
  const { core, coreCa, coreWeb, serverId, coreKeys, tokenFile, users } = parsed.output;
  const folder = dirname(resolve(path));
  const secret = (member: string, file: string): string => secretIn(`${path}: ${member}`, resolve(folder, file));
  return {
    core,
    coreCa: coreCa === undefined ? undefined : resolve(folder, coreCa),
    coreWeb,
    submitToken: secret("tokenFile", tokenFile),
    pinned: { serverId, coreKeys },
    users: new Map(Object.entries(users).map(([name, file]) => [name, secret(`users.${name}`, file)])),
  };
}

function jsonIn(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw because(error, "--set-up");
  }
  try {
    return JSON.parse(text);
  } catch {
    // Not what JSON.parse says: that quotes the file.
    throw new SetUpError(`${path}: is no JSON`);
  }
}

/** `place` names the member that says where the file is. */
function secretIn(place: string, path: string): string {
  let mode: number;
  let text: string;
  try {
    ({ mode } = statSync(path));
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw because(error, place);
  }
  if ((mode & 0o077) !== 0) {
    throw new SetUpError(`${place}: other users may read ${path}; run: chmod 600 ${path}`);
  }
  if (text === "") throw new SetUpError(`${place}: ${path} is empty, and should hold a secret`);
  return text;
}

function because(error: unknown, place?: string): SetUpError {
  const why = (error as Error).message;
  return new SetUpError(place === undefined ? why : `${place}: ${why}`, { cause: error });
}

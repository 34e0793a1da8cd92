import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";

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

/** Reads command line and set-up file. Throws an Error that names the option or member. */
export function readSetUp(args: readonly string[]): SetUp {
  const text = { type: "string" } as const;
  const options = { "set-up": text, site: text, listen: text, origin: { ...text, multiple: true } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const { site, listen = "127.0.0.1:8703", origin = [] } = values;
  const path = values["set-up"];
  if (path === undefined) throw new Error("--set-up: path of the JSON file that says where the core is and who it is");
  if (site === undefined) throw new Error("--site: folder of the built web client; scripts/build-web makes it");
  return { listen: listenOf(listen), site, origins: origin.map(originOf), ...readFile(path) };
}

function listenOf(text: string): SetUp["listen"] {
  const [, host = "", port = ""] = /^(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/.exec(text) ?? [];
  if (host === "" || Number(port) > 65_535) {
    throw new Error(
      `--listen ${text}: HOST:PORT of this machine, such as 127.0.0.1:8703; others come through a TLS proxy`,
    );
  }
  return { host: host.replaceAll(/[[\]]/g, ""), port: Number(port) };
}

function originOf(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new Error(`--origin ${text}: exactly as a browser sends it, such as https://bank.example`);
}

type FromFile = Omit<SetUp, "listen" | "site" | "origins">;

function readFile(path: string): FromFile {
  const folder = dirname(resolve(path));
  const beside = (file: string): string => resolve(folder, file);
  const found = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const member = (name: string): string => {
    const value = found[name];
    if (typeof value !== "string") throw new Error(`${path}: ${name}: a text is missing there`);
    return value;
  };
  const coreKeys = found["coreKeys"];
  if (!Array.isArray(coreKeys) || !coreKeys.every((key) => typeof key === "string" && /^(?:[0-9a-f]{2})+$/.test(key))) {
    throw new Error(`${path}: coreKeys: a list of hexadecimal COSE keys, as the core prints them when it starts`);
  }
  const serverId = member("serverId");
  if (!/^[0-9a-f]{32}$/.test(serverId))
    throw new Error(`${path}: serverId: 32 hexadecimal digits, as the core prints them`);
  const users = Object.entries((found["users"] ?? {}) as Record<string, unknown>).map(
    ([name, file]): [string, string] => [name, secretIn(beside(String(file)))],
  );
  return {
    core: member("core"),
    coreCa: found["coreCa"] === undefined ? undefined : beside(member("coreCa")),
    coreWeb: new URL(member("coreWeb")).origin,
    submitToken: secretIn(beside(member("tokenFile"))),
    pinned: { serverId, coreKeys },
    users: new Map(users),
  };
}

function secretIn(path: string): string {
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`${path}: other users may read it; run: chmod 600 ${path}`);
  const text = readFileSync(path, "utf8").trim();
  if (text === "") throw new Error(`${path}: is empty, and should hold a secret`);
  return text;
}

import { refused } from "../cli-error.ts";
import { SEARCH_PATH } from "./find-program.ts";

type Pairs = readonly (readonly [name: string, value: string])[];

/** The whole environment of a command. */
export interface CommandEnvironment {
  /** By `--env`: shown. */
  readonly named: Pairs;
  /** What every command gets: bound by the digest, not shown. */
  readonly base: Pairs;
  readonly searchPath: string;
}

/** Who runs it. */
interface Account {
  readonly username: string;
  readonly homedir: string;
}

/** `NAME` hands on a variable of this process, `NAME=value` sets one. Nothing else of this process's environment is handed on. */
export function commandEnvironment(
  asked: readonly string[],
  { username, homedir }: Account,
  env: Readonly<Record<string, string | undefined>>,
): CommandEnvironment {
  const named = asked.map((one) => variable(one, env));
  const terminal = env["TERM"] ?? "";
  const base = [
    ["PATH", SEARCH_PATH],
    ["HOME", homedir],
    ["USER", username],
    ["LOGNAME", username],
    ["LANG", "C.UTF-8"],
    ["TERM", /^[A-Za-z0-9][A-Za-z0-9+._-]{0,31}$/.test(terminal) ? terminal : "dumb"],
  ] as const;
  const names = new Set(named.map(([name]) => name));
  const [, searchPath = SEARCH_PATH] = named.find(([name]) => name === "PATH") ?? [];
  return { named, base: base.filter(([name]) => !names.has(name)), searchPath };
}

function variable(
  asked: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly [name: string, value: string] {
  const at = asked.indexOf("=");
  if (at >= 0) return [asked.slice(0, at), asked.slice(at + 1)];
  const value = env[asked];
  if (value === undefined) throw refused(`--env ${asked}: there is no such variable here; give --env ${asked}=value`);
  return [asked, value];
}

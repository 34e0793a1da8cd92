import { join, resolve } from "node:path";
import { originOf } from "@countersign/web-bridge";
import { ConfigError } from "../config-error.ts";

/** Settings of the loopback mode. */
export interface WebConfig {
  /** On 127.0.0.1 and ::1; 0 takes a free one. */
  readonly port: number;
  /** Each as a browser sends it. */
  readonly origins: readonly string[];
  /** Folder where pairings are kept. */
  readonly state: string;
}

/** Flags, as parseArgs takes them. */
export const WEB_OPTIONS = {
  "web-port": { type: "string" },
  "web-origin": { type: "string", multiple: true, default: [] as string[] },
  state: { type: "string" },
} as const;

/** Their part of `--help`. */
export const WEB_USAGE = `  --web-port PORT     lets web pages use the keys, over 127.0.0.1 and ::1 (default: none may)
  --web-origin ORIGIN page that may ask to be paired, such as https://bank.example; repeatable
  --state DIR         folder for pairings (default $XDG_STATE_HOME/countersign or ~/.local/state/countersign)
`;

/** What parseArgs found. */
export interface WebValues {
  readonly "web-port"?: string | undefined;
  readonly "web-origin"?: readonly string[] | undefined;
  readonly state?: string | undefined;
}

/** The loopback mode; undefined where it is off. Throws ConfigError. */
export function readWeb(values: WebValues, env: NodeJS.ProcessEnv): WebConfig | undefined {
  const { "web-port": port, "web-origin": origins = [] } = values;
  if (port === undefined && origins.length === 0) return undefined;
  if (port === undefined) throw new ConfigError("--web-origin needs --web-port: port on 127.0.0.1 and ::1 for pages");
  if (origins.length === 0) throw new ConfigError("--web-port needs --web-origin: a page that may ask to be paired");
  if (!/^(0|[1-9][0-9]{0,4})$/.test(port) || Number(port) > 65_535) {
    throw new ConfigError("--web-port must be a port, 1 to 65535, or 0 for a free one");
  }
  return { port: Number(port), origins: origins.map(readOrigin), state: stateFolder(values.state, env) };
}

/** Where pairings are kept. Throws ConfigError. */
export function stateFolder(given: string | undefined, env: NodeJS.ProcessEnv): string {
  if (given !== undefined) return resolve(given);
  const { XDG_STATE_HOME: state = "", HOME: home = "" } = env;
  if (state !== "") return join(state, "countersign");
  if (home !== "") return join(home, ".local", "state", "countersign");
  throw new ConfigError("--state is missing and neither XDG_STATE_HOME nor HOME is set: folder for pairings");
}

function readOrigin(text: string): string {
  const origin = originOf(text);
  if (origin !== undefined) return origin;
  throw new ConfigError(
    `--web-origin ${text} is no origin as browsers send it: https://HOST[:PORT], or http://localhost[:PORT]; no path`,
  );
}

import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ConfigError } from "./config-error.ts";
import { PAIRING_USAGE } from "./pairing/pairing-command.ts";
import { readWeb, WEB_OPTIONS, WEB_USAGE, type WebConfig } from "./web/web-config.ts";

export { ConfigError } from "./config-error.ts";

/** Settings of the daemon. */
export interface DaemonConfig {
  readonly socket: string;
  readonly keySockets: readonly string[];
  readonly fidoSockets: readonly string[];
  /** Emulated keys may take so many times longer than real ones. */
  readonly keyPatience: number;
  readonly hid: boolean;
  /** Program that asks for PINs and codes; undefined: the terminal, where there is one. */
  readonly pinentry: string | undefined;
  /** Undefined: no page may use the keys, and no TCP port is open. */
  readonly web: WebConfig | undefined;
}

/** A key that says nothing for a minute has gone, on whatever machine. */
const MOST_PATIENCE = 60;

/** What `--help` prints. */
export const USAGE: string = `countersign-daemon: gives local clients the smart key

  --socket PATH       Unix socket for clients, in a folder of your own
                      (default $XDG_RUNTIME_DIR/countersign/daemon.sock)
  --key-socket PATH   socket of an emulated key; repeatable
  --fido-socket PATH  socket of an emulated FIDO2 key; repeatable
  --key-patience N    emulated keys may take N times longer (1 to 60, default 1), on a machine that is busy
  --hid               real keys over USB
  --pinentry PATH     asks for PIN and code of FIDO2 keys, such as /usr/bin/pinentry
                      (default: the terminal that the daemon was started from)
${WEB_USAGE}${PAIRING_USAGE}`;

/** Reads command line and environment. Throws ConfigError. */
export function parseConfig(argv: readonly string[], env: NodeJS.ProcessEnv): DaemonConfig {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      socket: { type: "string" },
      "key-socket": { type: "string", multiple: true, default: [] },
      "fido-socket": { type: "string", multiple: true, default: [] },
      "key-patience": { type: "string", default: "1" },
      hid: { type: "boolean", default: false },
      pinentry: { type: "string" },
      ...WEB_OPTIONS,
    },
  });
  if (!values.hid && values["key-socket"].length + values["fido-socket"].length === 0) {
    throw new ConfigError(
      "no key to look for: give --hid for real keys, --key-socket PATH or --fido-socket PATH for an emulated one",
    );
  }
  return {
    socket: resolve(values.socket ?? defaultSocket(env)),
    keySockets: values["key-socket"].map((path) => resolve(path)),
    fidoSockets: values["fido-socket"].map((path) => resolve(path)),
    keyPatience: readPatience(values["key-patience"]),
    hid: values.hid,
    pinentry: values.pinentry === undefined ? undefined : resolve(values.pinentry),
    web: readWeb(values, env),
  };
}

function readPatience(text: string): number {
  const patience = Number(text);
  if (/^\d{1,2}$/.test(text) && patience >= 1 && patience <= MOST_PATIENCE) return patience;
  throw new ConfigError(`--key-patience ${text}: a whole number from 1 to ${MOST_PATIENCE}`);
}

function defaultSocket(env: NodeJS.ProcessEnv): string {
  const folder = env["XDG_RUNTIME_DIR"];
  if (folder === undefined || folder === "") {
    throw new ConfigError("--socket is missing and XDG_RUNTIME_DIR is not set: path of the Unix socket for clients");
  }
  return join(folder, "countersign", "daemon.sock");
}

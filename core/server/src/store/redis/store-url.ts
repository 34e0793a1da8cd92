/** Where a Redis store lies, as `--store` says it. */
export interface StoreUrl {
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly username: string | undefined;
  /** Number of the database of a server that stands alone. */
  readonly database: number;
  /** What Sentinels call the master; undefined where they watch one. */
  readonly master: string | undefined;
}

const DEFAULT_PORT = 6379;

// redis[s]://[USER@]HOST[:PORT][,HOST[:PORT]]...[/DATABASE or /MASTER]
const FORM = /^(rediss?):\/\/(?:([^@/:,]+)@)?([^@/]+)(?:\/([A-Za-z0-9._-]*))?$/;
const SERVER = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::([1-9][0-9]{0,4}))?$/;

/** Undefined for anything else; also for a password in it, which would show in the list of processes. */
export function parseStoreUrl(text: string): StoreUrl | undefined {
  const [, scheme, user, servers = "", path = ""] = FORM.exec(text) ?? [];
  if (scheme === undefined) return undefined;
  const parsed = servers.split(",").map(parseServer);
  const found = parsed.filter((server) => server !== undefined);
  if (found.length !== parsed.length) return undefined;
  const isNumber = /^[0-9]{1,4}$/.test(path);
  return {
    ...{
      servers: found,
      tls: scheme === "rediss",
      username: user === undefined ? undefined : decodeURIComponent(user),
    },
    ...{ database: isNumber ? Number(path) : 0, master: isNumber || path === "" ? undefined : path },
  };
}

function parseServer(text: string): { readonly host: string; readonly port: number } | undefined {
  const [whole, v6, name, port] = SERVER.exec(text) ?? [];
  if (whole === undefined || Number(port ?? DEFAULT_PORT) > 65_535) return undefined;
  return { host: v6 ?? name ?? "", port: Number(port ?? DEFAULT_PORT) };
}

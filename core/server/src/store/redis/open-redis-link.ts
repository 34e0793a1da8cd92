import { createClient } from "redis";
import { openClusterLink } from "./cluster-link.ts";
import { LinkError, withDeadline, type RedisLink } from "./redis-link.ts";
import { openSentinelLink } from "./sentinel-link.ts";
import { clientOptions, openStandaloneLink, type LinkOptions } from "./standalone-link.ts";

/**
 * Connects as what answers wants: the first server that can be reached says whether it is alone, of a Cluster, or a
 * Sentinel. `master` names a Sentinel's master; it is not needed where there is one.
 */
export async function openRedisLink(options: LinkOptions, master?: string): Promise<RedisLink> {
  const met = await meet(options);
  switch (met.mode) {
    case "cluster":
      return openClusterLink(options);
    case "sentinel":
      return openSentinelLink(options, master ?? met.onlyMaster);
    case "standalone":
      return openStandaloneLink({ ...options, servers: [met.server] });
  }
}

type Met =
  | { readonly mode: "cluster" }
  | { readonly mode: "sentinel"; readonly onlyMaster: string }
  | { readonly mode: "standalone"; readonly server: LinkOptions["servers"][number] };

async function meet(options: LinkOptions): Promise<Met> {
  let failure: unknown;
  for (const server of options.servers) {
    try {
      return await withDeadline(options.deadlineMs, "connect", ask(options, server));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function ask(options: LinkOptions, server: LinkOptions["servers"][number]): Promise<Met> {
  const common = clientOptions(options);
  const client = createClient({ ...common, socket: { ...common.socket, ...server, reconnectStrategy: false } });
  client.on("error", () => {}); // connect rejects with it
  await client.connect();
  try {
    const info = await client.sendCommand<string>(["INFO", "server"]);
    const mode = /^redis_mode:(\w+)/m.exec(info)?.[1];
    if (mode === "cluster") return { mode };
    if (mode !== "sentinel") return { mode: "standalone", server };
    const masters = (await client.sendCommand(["SENTINEL", "MASTERS"])) as unknown[];
    return { mode, onlyMaster: masters.length === 1 ? nameOf(masters[0]) : noneNamed(masters.length) };
  } finally {
    client.destroy();
  }
}

// A map in RESP 3, a flat array in RESP 2.
function nameOf(master: unknown): string {
  if (!Array.isArray(master)) return String((master as Readonly<Record<string, unknown>>)["name"]);
  const flat = master as unknown[];
  return String(flat[flat.indexOf("name") + 1]);
}

function noneNamed(count: number): never {
  throw new LinkError("refused", `Redis: the Sentinel watches ${count} masters: name one, redis://HOST:PORT/NAME`);
}

import { readFileSync } from "node:fs";
import type { StoreUrl } from "../store/redis/store-url.ts";
import { isLoopback } from "./listen.ts";
import { refusal, type SettingName } from "./settings.ts";

/** A store that several cores share. */
export interface StoreConfig {
  readonly url: StoreUrl;
  /** Undefined: the servers want none. */
  readonly password: string | undefined;
  /** PEM text of the authority that vouches for the servers; undefined: those that the system trusts. */
  readonly ca: string | undefined;
  /** Replicas that must hold a change before it counts. */
  readonly replicas: number;
}

interface StoreSettings {
  readonly passwordFile: string | undefined;
  readonly ca: string | undefined;
  readonly replicas: number;
}

export function storeOf(
  url: StoreUrl | undefined,
  { passwordFile, ca, replicas: count }: StoreSettings,
): StoreConfig | undefined {
  if (url === undefined) {
    if (passwordFile !== undefined) throw refusal("store", "is needed beside storePasswordFile");
    if (ca !== undefined) throw refusal("store", "is needed beside storeCa");
    if (count > 0) throw refusal("store", "is needed beside storeReplicas");
    return undefined;
  }
  const open = url.servers.find(({ host }) => !isLoopback(host));
  if (!url.tls && open !== undefined) {
    throw refusal(
      "store",
      `${open.host} is not this machine: what is stored would cross the network readable; give rediss://`,
    );
  }
  if (!url.tls && ca !== undefined) throw refusal("storeCa", "is for rediss://");
  return {
    url,
    password: passwordFile === undefined ? undefined : readText("storePasswordFile", passwordFile).trim(),
    ca: ca === undefined ? undefined : readText("storeCa", ca),
    replicas: count,
  };
}

function readText(name: SettingName, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw refusal(name, error instanceof Error ? error.message : String(error));
  }
}

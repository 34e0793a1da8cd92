import type { Listen } from "./listen.ts";
import { refusal } from "./settings.ts";

/** Calls from pages in browsers. */
export interface WebConfig {
  readonly listen: Listen;
  /** Origins whose pages may call, each as a browser sends it. */
  readonly origins: readonly string[];
}

export function webOf(
  place: Listen | undefined,
  pages: readonly string[] | undefined,
  clientCa: string | undefined,
): WebConfig | undefined {
  if (place === undefined && pages === undefined) return undefined;
  if (pages === undefined) throw refusal("webOrigins", "is needed beside webListen");
  if (place === undefined) throw refusal("webListen", "is needed beside webOrigins");
  if (clientCa !== undefined) {
    throw refusal("webListen", "pages have no certificate of tlsClientCa: leave out one of the two");
  }
  return { listen: place, origins: pages };
}

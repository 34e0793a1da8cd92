import type { Listen } from "./listen.ts";
import { refusal } from "./settings.ts";

/** Calls from pages in browsers. */
export interface WebConfig {
  readonly listen: Listen;
  /** Origins whose pages may call, each as a browser sends it. */
  readonly origins: readonly string[];
  /** Folder of the administrators' console; "none": there is none. Absent: the installed one, on loopback. */
  readonly console?: string | undefined;
  /** Origins that its pages have, each as a browser sends it. Absent: the listener's own. */
  readonly consoleOrigins?: readonly string[] | undefined;
}

/** The settings that it is read from. */
export interface WebSettings {
  readonly place: Listen | undefined;
  readonly pages: readonly string[] | undefined;
  readonly clientCa: string | undefined;
  readonly console: string | undefined;
  readonly consoleOrigins: readonly string[] | undefined;
}

export function webOf(settings: WebSettings): WebConfig | undefined {
  const { place, pages, clientCa, console: folder, consoleOrigins } = settings;
  if (place === undefined) {
    if (pages !== undefined) throw refusal("webListen", "is needed beside webOrigins");
    if (folder !== undefined) throw refusal("webListen", "is needed beside console");
    if (consoleOrigins !== undefined) throw refusal("webListen", "is needed beside consoleOrigins");
    return undefined;
  }
  if (pages === undefined && folder === undefined) throw refusal("webOrigins", "is needed beside webListen");
  if (clientCa !== undefined) {
    throw refusal("webListen", "pages have no certificate of tlsClientCa: leave out one of the two");
  }
  return { listen: place, origins: pages ?? [], console: folder, consoleOrigins };
}

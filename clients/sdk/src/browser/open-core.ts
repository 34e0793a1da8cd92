import type { CoreConnection } from "../core-connection.ts";
import { Token } from "../token.ts";
import { webPort } from "./web-port.ts";

/** How a page reaches the core. */
export interface CoreOptions {
  /** Origin of the core's gRPC-Web, such as `https://core.example.org`. The core lists the page's origin (`--web-origins`). */
  readonly address: string;
  /** A grant of the app, for one transaction; undefined: `resume` and `confirmOpen` go by confirmation tokens. */
  readonly token: string | undefined;
  /** Deadline of one call, in milliseconds; default 10 000. Streams have none: they are resumed. */
  readonly deadlineMs?: number | undefined;
  /** How long a call waits in all for a core that does not answer; default 20 000 ms. 0: not at all. */
  readonly patienceMs?: number | undefined;
  /** Called when a call has waited a second for a core that does not answer, and waits on. */
  readonly onSilence?: (() => void) | undefined;
}

/** The core as a page reaches it; nothing is sent yet. Throws an Error that names the address when it is none. */
export function openCore(options: CoreOptions): CoreConnection {
  const { address, token, deadlineMs = 10_000, patienceMs = 20_000, onSilence } = options;
  const { origin, protocol } = URL.canParse(address) ? new URL(address) : { origin: "", protocol: "" };
  if (protocol !== "https:" && protocol !== "http:")
    throw new Error(`${address} is no origin: write scheme, host and port, such as https://host:8702`);
  return {
    token: token === undefined ? undefined : new Token(token),
    ...{ deadlineMs, patienceMs, onSilence },
    port: webPort(origin),
    // Every call is a connection's of the browser, which keeps and closes them itself.
    close: () => undefined,
  };
}

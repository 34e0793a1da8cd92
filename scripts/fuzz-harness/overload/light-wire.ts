// Unary calls by Node's HTTP/2 alone: thousands of callers a second must cost less than the core that they call.
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { status } from "@grpc/grpc-js";
import { tried, type Try } from "./caller.ts";

/** Of each try, as the SDK sets it. */
const DEADLINE = "10S";
const OK: Try = { became: "ok", retryAfterMs: undefined };

/** Several connections to one core, used in turn. */
export class LightWire {
  readonly #sessions: readonly ClientHttp2Session[];
  readonly #headers: OutgoingHttpHeaders;
  #next = 0;

  constructor(address: string, connections: number, token: string) {
    this.#sessions = Array.from({ length: connections }, () => connect(`http://${address}`));
    this.#headers = {
      ...{ ":method": "POST", "content-type": "application/grpc", te: "trailers" },
      ...{ authorization: `Bearer ${token}`, "grpc-timeout": DEADLINE },
    };
  }

  /** `message` as it is encoded. Never rejects. */
  call(path: string, message: Buffer): Promise<Try> {
    const session = this.#sessions[this.#next++ % this.#sessions.length] as ClientHttp2Session;
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    return new Promise((resolve) => {
      const stream = session.request({ ...this.#headers, ":path": path });
      const ended = (headers: IncomingHttpHeaders): void => {
        const code = headers["grpc-status"];
        if (code !== undefined) resolve(code === "0" ? OK : tried(Number(code), detailsOf(headers)));
      };
      stream.on("response", ended);
      stream.on("trailers", ended);
      stream.on("error", () => resolve(tried(status.UNKNOWN, undefined)));
      stream.resume();
      stream.end(Buffer.concat([head, message]));
    });
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }
}

function detailsOf(headers: IncomingHttpHeaders): Buffer | undefined {
  const details = headers["grpc-status-details-bin"];
  return typeof details === "string" ? Buffer.from(details, "base64") : undefined;
}

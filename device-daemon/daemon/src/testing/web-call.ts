import { request as httpRequest } from "node:http";
import { PairResponse } from "@countersign/proto/node/device/v1/pairing_service";

/** An answer in HTTP, and what gRPC-Web says in it. */
export interface WebAnswer {
  readonly http: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly messages: readonly Buffer[];
  /** Of the trailers; -1: there are none. */
  readonly status: number;
  /** The trailers, or the text of a refusal. */
  readonly text: string;
}

/** A request as any program or page may make it: exactly these headers, except that `host` has a default. */
export interface WebAsked {
  readonly host?: string;
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export const DEVICE = "/countersign.device.v1.DeviceService";
export const PAIRING = "/countersign.device.v1.PairingService";
export const GRPC_WEB: Readonly<Record<string, string>> = { "content-type": "application/grpc-web+proto" };

const QUIET_MS = 60_000;

/** One frame of a request. */
export function framed(message: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Asks the daemon's port, on 127.0.0.1 whatever `host` says. */
export function webCall(port: number, asked: WebAsked): Promise<WebAnswer> {
  const { host = `127.0.0.1:${port}`, method = "POST", path, headers, body = framed() } = asked;
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path, headers: { ...headers, host }, agent: false };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          http: response.statusCode ?? 0,
          headers: response.headers,
          ...readFrames(Buffer.concat(chunks), response.headers["content-type"] === GRPC_WEB["content-type"]),
        }),
      );
    });
    request.on("error", reject);
    // A call that is let through by mistake waits for the key's user.
    request.setTimeout(QUIET_MS, () => request.destroy(new Error(`no answer from ${path}`)));
    request.end(method === "GET" || method === "OPTIONS" ? undefined : body);
  });
}

function readFrames(body: Buffer, isGrpc: boolean): Pick<WebAnswer, "messages" | "status" | "text"> {
  if (!isGrpc) return { messages: [], status: -1, text: body.toString() };
  const messages: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const bytes = body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1));
    if (body[at] === 0x80) {
      const text = bytes.toString();
      return { messages, status: Number(/^grpc-status:(\d+)/.exec(text)?.[1]), text };
    }
    messages.push(bytes);
    at += 5 + bytes.length;
  }
  return { messages, status: -1, text: "" };
}

/** The token of a page that asks to be paired, if the person agrees; undefined otherwise. */
export async function pairOver(port: number, origin: string): Promise<string | undefined> {
  const { messages } = await webCall(port, { path: `${PAIRING}/Pair`, headers: { ...GRPC_WEB, origin } });
  const events = messages.map((bytes) => PairResponse.decode(bytes).event);
  return events.find((event) => event?.$case === "token")?.value;
}

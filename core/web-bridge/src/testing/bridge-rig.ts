import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { listenWeb, type WebListening, type WebPlace } from "../listen-web.ts";
import type { WebRules } from "../rules.ts";
import { type BridgeOptions, WebBridge } from "../web-bridge.ts";
import { type Happened, SampleDefinition, sampleService } from "./sample-service.ts";

/** An origin on the rig's list. */
export const ORIGIN = "https://bank.example";

/** A bridge that serves the samples on loopback. */
export interface BridgeRig {
  readonly url: string;
  readonly port: number;
  readonly happened: Happened;
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startBridge(
  rules: Partial<WebRules> = {},
  options: Partial<BridgeOptions> = {},
  place: Partial<WebPlace> = {},
): Promise<BridgeRig> {
  const { implementation, happened } = sampleService();
  const listening: WebListening = await listenWeb({ host: "127.0.0.1", port: 0, ...place }, () => {
    const services = [{ definition: SampleDefinition, implementation }];
    const all: WebRules = {
      origins: new Set([ORIGIN]),
      withoutOrigin: true,
      text: true,
      maxMessage: 64 * 1024,
      ...rules,
    };
    return new WebBridge({ services, rules: all, ...options });
  });
  const { port } = listening;
  return { url: `http://127.0.0.1:${port}`, port, happened, stop: () => listening.close(0) };
}

/** What came back, whole. */
export interface Answered {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request with exactly these headers. */
export function ask(
  rig: Pick<BridgeRig, "port">,
  {
    method = "POST",
    path = "/sample.v1.SampleService/One",
    headers = {},
    body = frameOf("hi"),
  }: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: Uint8Array;
  } = {},
): Promise<Answered> {
  const sent = { "content-type": "application/grpc-web+proto", ...headers } as Record<string, string | string[]>;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port: rig.port, method, path, headers: sent, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** A message of text in its frame. */
export function frameOf(text: string, flag = 0): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

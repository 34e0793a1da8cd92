import { request as plainRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as tlsRequest } from "node:https";
import { ChannelError } from "@countersign/bot-kit";
import type { GatewayAnswer } from "./answer.ts";
import type { FilledRequest } from "./fill.ts";

const LONGEST_ANSWER = 64 * 1024;

/**
 * One request over a connection of its own: it is known exactly whether anything had left, nothing is repeated by a pool,
 * and no redirect is followed. `beforeWrite` is called when the connection stands, directly before the first byte. Throws
 * ChannelError alone: not-sent before that byte, unknown after it.
 */
export async function callGateway(
  filled: FilledRequest,
  signal: AbortSignal,
  beforeWrite: () => void,
): Promise<GatewayAnswer> {
  const { url, method, headers, body } = filled;
  const open = url.protocol === "https:" ? tlsRequest : plainRequest;
  const length = method === "GET" ? {} : { "content-length": String(Buffer.byteLength(body)) };
  let left = false;
  try {
    const request = open(url, { method, headers: { ...headers, ...length }, agent: false, signal });
    const answered = answerOf(request);
    // Whoever fails first is heard; the other may fail later.
    answered.catch(() => undefined);
    await Promise.race([connected(request, url.protocol === "https:"), answered]);
    signal.throwIfAborted();
    beforeWrite();
    left = true;
    request.end(body);
    return await answered;
  } catch (error) {
    if (error instanceof ChannelError) throw error;
    const detail = signal.aborted ? "timeout" : left ? "reset" : "connect";
    throw new ChannelError({ fate: left ? "unknown" : "not-sent", detail });
  }
}

async function connected(request: ClientRequest, secure: boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  request.once("socket", (socket) => socket.once(secure ? "secureConnect" : "connect", resolve));
  await promise;
}

async function answerOf(request: ClientRequest): Promise<GatewayAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.on("error", reject);
  request.on("response", resolve);
  const response = await promise;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size > LONGEST_ANSWER) throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
  }
  const retryAfter = response.headers["retry-after"];
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8"), retryAfter };
}

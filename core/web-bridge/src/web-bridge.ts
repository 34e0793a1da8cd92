import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { type Metadata, status, type StatusObject } from "@grpc/grpc-js";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import { headOf, type RequestHead, single } from "./head.ts";
import { metadataOf } from "./metadata.ts";
import { messageIn, readBody } from "./read-message.ts";
import { type HttpRefusal, isPreflight, isText, longestBody, refusalOf } from "./refusal-of.ts";
import { Reply } from "./reply.ts";
import { routesOf, type WebService } from "./routes.ts";
import type { WebRules } from "./rules.ts";
import { type Route, runCall } from "./run-call.ts";
import { statusOf } from "./status.ts";
import { readTimeout } from "./timeout.ts";

/** A caller that was let in. */
export interface Admitted {
  /** What `getPeer()` says to handlers: tells clients apart. */
  readonly peer: string;
  /** When it is aborted the call ends with its reason, a Partial<StatusObject>. */
  readonly ended?: AbortSignal;
}

/** A call that obeys the rules, before its path is looked up. */
export interface Arriving {
  /** `/package.Service/Method`, which may be none of ours. */
  readonly path: string;
  /** On the list, or undefined for callers without one. */
  readonly origin: string | undefined;
  readonly metadata: Metadata;
  /** Address and port of the connection. */
  readonly remote: string;
}

/** What a bridge answers, and to whom. */
export interface BridgeOptions {
  readonly services: readonly WebService[];
  readonly rules: WebRules;
  /** Of the services' methods, those that are answered. Without it: all. */
  readonly offered?: (path: string) => boolean;
  /** Lets a caller in, or answers for the service. Without it everybody is let in and called by his address. */
  readonly admit?: (call: Arriving) => Admitted | Partial<StatusObject>;
  /** Calls at a time; further ones are RESOURCE_EXHAUSTED. */
  readonly maxCalls?: number;
}

/** A call whose request is there whole. */
interface Called {
  readonly head: RequestHead;
  readonly message: Buffer;
  readonly timeoutMs: number;
  readonly remote: string;
}

const MAX_CALLS = 256;
/** Node fires longer timers at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Answers gRPC-Web by the handlers of gRPC services, in this process: a message is decoded once, and what gRPC servers
 * keep (deadline, cancellation, back-pressure, one status) holds here as well.
 */
export class WebBridge {
  readonly #options: BridgeOptions;
  readonly #routes: ReadonlyMap<string, Route>;
  /** Connections that end with a refusal: what came behind it is nobody's. */
  readonly #ending = new WeakSet<object>();
  #calls = 0;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#routes = routesOf(options.services, options.offered ?? (() => true));
  }

  /** Answers one request. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { rules } = this.#options;
    if (this.#ending.has(request.socket)) return;
    const head = headOf(request, false);
    const cors = corsHeaders(head, rules);
    const refuseIt = (why: HttpRefusal): void => {
      this.#ending.add(request.socket);
      refuse(response, why, cors);
    };
    const refusal = refusalOf(head, rules);
    if (refusal !== undefined) return refuseIt(refusal);
    if (isPreflight(head)) {
      response.writeHead(204, { ...cors, ...preflightHeaders(head) }).end();
      return;
    }
    // Of the request: an answer that waits behind another on the same connection has no socket yet.
    const { remoteAddress = "", remotePort = 0 } = request.socket;
    const timeoutMs = timeoutOf(head);
    if (typeof timeoutMs === "object") return refuseIt(timeoutMs);
    const body = await readBody(request, longestBody(head, rules));
    if (body === "gone" || this.#ending.has(request.socket)) return;
    const message = body === "too-long" ? tooLong(rules) : messageIn(body, head, rules);
    if (!Buffer.isBuffer(message)) return refuseIt(message);
    const remote = `${remoteAddress}:${remotePort}`;
    this.#call({ head, message, timeoutMs, remote }, new Reply(response, cors, isText(head)), response);
  }

  /** Why another protocol is not spoken on this connection; a request that breaks the rules learns that first. */
  refuseUpgrade(request: IncomingMessage): HttpRefusal {
    const refusal = refusalOf(headOf(request, true), this.#options.rules);
    if (refusal === undefined) throw new Error("an upgrade must be refused");
    return refusal;
  }

  #call({ head, message, timeoutMs, remote }: Called, reply: Reply, response: ServerResponse): void {
    const path = head.target;
    const metadata = metadataOf(head);
    const arriving = { path, origin: single(head, "origin"), metadata, remote };
    const admitted = this.#options.admit?.(arriving) ?? { peer: remote };
    if (!("peer" in admitted)) return reply.end(statusOf(admitted));
    const route = this.#routes.get(path);
    if (route === undefined) {
      return reply.end(statusOf({ code: status.UNIMPLEMENTED, details: `there is no method ${path} over gRPC-Web` }));
    }
    if (this.#calls >= (this.#options.maxCalls ?? MAX_CALLS)) {
      return reply.end(statusOf({ code: status.RESOURCE_EXHAUSTED, details: "too many calls at a time; try again" }));
    }
    if (timeoutMs < 1) return reply.end(statusOf(LATE));
    const deadline = Number.isFinite(timeoutMs) ? new Date(Date.now() + timeoutMs) : undefined;
    const host = single(head, "host") ?? "";
    const context = { path, peer: admitted.peer, host, deadline, metadata, reply };
    this.#calls++;
    response.once("close", () => this.#calls--);
    endOf(response, reply, { timeoutMs, ended: admitted.ended }, runCall(route, context, message));
  }
}

const LATE = { code: status.DEADLINE_EXCEEDED, details: "the deadline of the call has passed" };

/** A call ends with its status; before that when its caller goes, its time is over, or its caller is let in no more. */
function endOf(
  response: ServerResponse,
  reply: Reply,
  { timeoutMs, ended }: { readonly timeoutMs: number; readonly ended: AbortSignal | undefined },
  cancel: () => void,
): void {
  const end = (why: Partial<StatusObject>): void => {
    if (reply.over) return;
    reply.end(statusOf(why));
    cancel();
  };
  const timer = timeoutMs > LONGEST_TIMER_MS ? undefined : setTimeout(() => end(LATE), timeoutMs);
  const leave = (): void => end(ended?.reason as Partial<StatusObject>);
  ended?.addEventListener("abort", leave, { once: true });
  if (ended?.aborted === true) leave();
  response.once("close", () => {
    clearTimeout(timer);
    ended?.removeEventListener("abort", leave);
    if (!reply.ended) cancel();
  });
}

function timeoutOf(head: RequestHead): number | HttpRefusal {
  const values = head.headers["grpc-timeout"];
  if (values === undefined) return Number.POSITIVE_INFINITY;
  const [value = ""] = values;
  const timeoutMs = values.length === 1 ? readTimeout(value) : undefined;
  return timeoutMs ?? { code: 400, message: "grpc-timeout must be up to eight digits and one of H, M, S, m, u, n." };
}

function tooLong({ maxMessage }: WebRules): HttpRefusal {
  return { code: 413, message: `A message has at most ${maxMessage} bytes.` };
}

// The connection ends with it: what is left of the body is nobody's.
function refuse(response: ServerResponse, { code, message }: HttpRefusal, cors: OutgoingHttpHeaders): void {
  const allow = code === 405 ? { allow: "POST, OPTIONS" } : {};
  response.writeHead(code, { ...cors, ...allow, ...PLAIN, connection: "close" }).end(`${message}\n`);
}

const PLAIN = { "content-type": "text/plain", "x-content-type-options": "nosniff", "cache-control": "no-store" };

// The one way in which a core speaks HTTP to a place that somebody configured: looked up once and pinned, no redirect followed,
// a time limit, and nothing of the answer kept but its status and when to come back. docs/protocol/webhook.md section 6.
import { request as plainRequest, type IncomingMessage } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP } from "node:net";
import { bareHost, pinAddress, type Allowed, type Resolve } from "./address-guard.ts";

/** What is said. */
export interface Outgoing {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What tests put in place of the world. */
export interface OutboundSeams {
  readonly resolve?: Resolve;
  /** PEM of the authority of the receiver's certificate; undefined: those of the system. */
  readonly ca?: string;
  /** How long the receiver may take. */
  readonly longestMs?: number;
}

/** What is kept of an answer. */
export interface Answer {
  readonly status: number;
  /** The header Retry-After, as it came; undefined: there is none. */
  readonly retryAfter: string | undefined;
}

export interface OutboundGiven extends OutboundSeams {
  readonly allowed: Allowed;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

const LONGEST_MS = 15_000;
/** Of the lines before a body: nobody makes the core remember more. */
const MOST_HEADER_BYTES = 16_384;

/**
 * Posts once, and resolves with what was answered. Rejects when there was no answer in time, and with
 * AddressRefusal, before any connection, where the host leads to what is not allowed.
 */
export async function postTo(url: URL, { headers, body }: Outgoing, given: OutboundGiven): Promise<Answer> {
  const { allowed, resolve, ca, longestMs = LONGEST_MS } = given;
  // One limit for the look-up too: a name server may be as slow as a receiver.
  const signal = AbortSignal.any([given.signal, AbortSignal.timeout(longestMs)]);
  const pinned = await unlessAborted(pinAddress(url.hostname, allowed, resolve), signal);
  const name = bareHost(url.hostname);
  const options = {
    // The address that was looked at: a name that says something else a moment later changes nothing.
    ...{ host: pinned.address, family: pinned.family, agent: false, method: "POST" },
    ...{ path: `${url.pathname}${url.search}`, maxHeaderSize: MOST_HEADER_BYTES, signal },
    ...(url.port === "" ? {} : { port: url.port }),
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
    headers: { ...headers, host: url.host, "content-length": String(body.length) },
  };
  const answered = Promise.withResolvers<Answer>();
  const request = (url.protocol === "https:" ? tlsRequest : plainRequest)(options);
  request.on("error", answered.reject);
  // After a 101 without an "upgrade" listener the socket is closed, and neither "response" nor "error" comes.
  request.on("close", () => answered.reject(new Error(`${url.host}: closed the connection without an answer`)));
  request.on("response", (response: IncomingMessage) => {
    answered.resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] });
    response.destroy(); // what it says besides is of no use to anybody, however long it is
  });
  request.end(body);
  return answered.promise;
}

/** A redirect is an answer like any other: nobody is followed to where nobody looked. */
export function isTaken(status: number): boolean {
  return status >= 200 && status <= 299;
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

import { FRAME_HEAD } from "./frame.ts";
import { type RequestHead, single } from "./head.ts";
import { PROTO, TEXT_PROTO, type WebRules } from "./rules.ts";
import { textLength } from "./text-body.ts";

/** An answer in HTTP alone: the request reaches no service. */
export interface HttpRefusal {
  readonly code: 400 | 403 | 405 | 413 | 415 | 421 | 426;
  /** One sentence: what and what to do next. Nothing of the request is repeated. */
  readonly message: string;
}

/**
 * Why a request is turned away before its body is read and before its path is looked at; undefined where it is not.
 * `Host` comes first, so that a name that was rebound learns nothing else, then `Origin`.
 */
export function refusalOf(head: RequestHead, rules: WebRules): HttpRefusal | undefined {
  return (
    hostRefusal(head, rules) ??
    originRefusal(head, rules) ??
    formRefusal(head) ??
    (isPreflight(head) ? undefined : (typeRefusal(head, rules) ?? sizeRefusal(head, rules)))
  );
}

/** The browser's question whether a page may call. */
export function isPreflight(head: RequestHead): boolean {
  return head.method === "OPTIONS" && single(head, "access-control-request-method") !== undefined;
}

/** Whether the body is, and the answer must be, base64. */
export function isText(head: RequestHead): boolean {
  return single(head, "content-type") === TEXT_PROTO;
}

/** Longest body of a request, in bytes. */
export function longestBody(head: RequestHead, { maxMessage }: WebRules): number {
  return isText(head) ? textLength(FRAME_HEAD + maxMessage) : FRAME_HEAD + maxMessage;
}

function hostRefusal(head: RequestHead, { hosts }: WebRules): HttpRefusal | undefined {
  const host = single(head, "host");
  if (host !== undefined && (hosts === undefined || hosts.has(host))) return undefined;
  return { code: 421, message: "This server does not answer for that host." };
}

function originRefusal(head: RequestHead, rules: WebRules): HttpRefusal | undefined {
  if (head.headers["origin"] === undefined && rules.withoutOrigin) return undefined;
  const origin = single(head, "origin");
  if (origin !== undefined && rules.origins.has(origin)) return undefined;
  return { code: 403, message: "This origin is not on the list of those that may call." };
}

function formRefusal(head: RequestHead): HttpRefusal | undefined {
  if (head.upgrade) return { code: 426, message: "There is no WebSocket and no HTTP/2 here: POST over HTTP/1.1." };
  if (!/^\/[A-Za-z0-9._]{1,255}\/[A-Za-z0-9_]{1,255}$/.test(head.target)) {
    return { code: 400, message: "The path must be /package.Service/Method." };
  }
  if (head.method === "POST" || isPreflight(head)) return undefined;
  return { code: 405, message: "Calls are POST." };
}

function typeRefusal(head: RequestHead, rules: WebRules): HttpRefusal | undefined {
  const type = single(head, "content-type");
  const encoding = head.headers["content-encoding"];
  if (encoding === undefined && (type === PROTO || (rules.text && type === TEXT_PROTO))) return undefined;
  return { code: 415, message: `Calls have the content type ${PROTO} and no content encoding.` };
}

function sizeRefusal(head: RequestHead, rules: WebRules): HttpRefusal | undefined {
  const length = Number(single(head, "content-length") ?? 0);
  if (length <= longestBody(head, rules)) return undefined;
  return { code: 413, message: `A message has at most ${rules.maxMessage} bytes.` };
}

import { type RequestHead, single } from "./head.ts";
import type { WebRules } from "./rules.ts";

type Headers = Readonly<Record<string, string>>;

/** Request headers that a page may set. */
const ALLOWED = "content-type, x-grpc-web, x-user-agent, grpc-timeout, authorization, traceparent";

/** Answer headers that a page may read. */
const EXPOSED = "grpc-status, grpc-message, grpc-status-details-bin";

/** How long a browser may keep the answer to a preflight, in seconds. */
const MAX_AGE = "600";

/** Headers of every answer: the origin is named when it is listed, and never are credentials allowed. */
export function corsHeaders(head: RequestHead, rules: WebRules): Headers {
  const origin = single(head, "origin");
  if (origin === undefined || !rules.origins.has(origin)) return { vary: "Origin" };
  return { vary: "Origin", "access-control-allow-origin": origin, "access-control-expose-headers": EXPOSED };
}

/** Further headers of the answer to a preflight that was not refused. */
export function preflightHeaders(head: RequestHead): Headers {
  // Browsers that still ask before a public page reaches a private address; newer ones ask their user instead.
  const local = single(head, "access-control-request-private-network") === "true";
  return {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": ALLOWED,
    "access-control-max-age": MAX_AGE,
    ...(local ? { "access-control-allow-private-network": "true" } : {}),
  };
}

import type { Unready } from "./readiness.ts";

/** Pages of the admin listener; everything else is 404. */
const PAGES = { "/metrics": "metrics", "/healthz": "health", "/readyz": "ready" } as const;
export type Page = (typeof PAGES)[keyof typeof PAGES];

/** What is asked for, or why it is refused. Method and target are anybody's. */
export function pageOf(method: string, target: string): Page | 404 | 405 {
  if (!Object.hasOwn(PAGES, target)) return 404;
  return method === "GET" || method === "HEAD" ? PAGES[target as keyof typeof PAGES] : 405;
}

export interface AdminAnswer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";
const REFUSAL = { 404: "not found\n", 405: "GET or HEAD\n" } as const;

export function refusalAnswer(code: 404 | 405): AdminAnswer {
  return { code, type: TEXT, body: REFUSAL[code] };
}

export function healthAnswer(): AdminAnswer {
  return { code: 200, type: TEXT, body: "ok\n" };
}

export function readyAnswer(because: readonly Unready[]): AdminAnswer {
  const ready = because.length === 0;
  return { code: ready ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify({ ready, because })}\n` };
}

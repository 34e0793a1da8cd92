import type { ServerResponse } from "node:http";

/** Answers JSON, unless the other side has gone. */
export function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

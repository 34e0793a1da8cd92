import type { ServerResponse } from "node:http";
import type { Fault, UnreadableKind } from "./faults.ts";

const PAGE = "<html><head><title>Bad Gateway</title></head><body>A proxy's page</body></html>";
const CHUNK = Buffer.alloc(64 * 1024, "x");
const DRIP_MS = 20;

/** Answers in a way nobody can read; returns the HTTP status that was sent. */
export function answerUnreadably(kind: UnreadableKind, fault: Fault, response: ServerResponse): number {
  const json = { "content-type": "application/json" };
  switch (kind) {
    case "non-json":
      response.writeHead(fault.status ?? 200, { "content-type": "text/html" }).end(PAGE);
      return fault.status ?? 200;
    case "redirect":
      response.writeHead(fault.status ?? 307, { location: fault.location ?? "/" }).end();
      return fault.status ?? 307;
    case "truncated":
      response.writeHead(200, json).end('{"ok":true,"result":{"message_id":1');
      return 200;
    case "cut":
      response.writeHead(200, { ...json, "content-length": 1000 }).write('{"ok":true,');
      setImmediate(() => response.destroy());
      return 200;
    case "huge":
      response.writeHead(200, json);
      pour(response);
      return 200;
    case "drip":
      response.writeHead(200, json);
      drip(response);
      return 200;
  }
}

function pour(response: ServerResponse): void {
  while (!response.destroyed && response.write(CHUNK));
  if (!response.destroyed) response.once("drain", () => pour(response));
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(" "), DRIP_MS);
  response.once("close", () => clearInterval(timer));
}

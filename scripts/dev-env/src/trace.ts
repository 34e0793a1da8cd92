import { createWriteStream } from "node:fs";
import type { Observe } from "./mitm/proxy.ts";

/** Writes who sent what to whom, one JSON line each, with everything secret masked. */
export interface Trace {
  /** The observer for one connection. */
  between(from: string, to: string): Observe;
  note(from: string, to: string, what: string): void;
  close(): Promise<void>;
}

/** Members whose values are secrets, or whose bytes a reader could guess a code from. */
const SECRET = /code|pin|token|grant|phrase|statement|receipt|session/i;

/** A trace into `file`; without one, a trace that writes nothing. */
export function openTrace(file: string | undefined): Trace {
  if (file === undefined) return { between: () => () => {}, note: () => {}, close: async () => {} };
  const out = createWriteStream(file, { mode: 0o600 });
  const started = performance.now();
  let isClosed = false;
  const write = (entry: Readonly<Record<string, unknown>>): void => {
    // A stream that is cut as the proxies close is observed when it gets to know.
    if (isClosed) return;
    out.write(`${JSON.stringify({ ms: Math.round(performance.now() - started), ...entry })}\n`);
  };
  return {
    between: (from, to) => (call, answers, error) =>
      write({
        from,
        to,
        what: call.method,
        request: masked(call.request),
        answers: answers.map(masked),
        ...(error === undefined ? {} : { error: { code: error.code, message: error.details } }),
      }),
    note: (from, to, what) => write({ from, to, what }),
    close: () => {
      isClosed = true;
      return new Promise((resolve) => out.end(resolve));
    },
  };
}

function masked(value: unknown): unknown {
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET.test(name) && member !== "" ? "<masked>" : masked(member),
    ]),
  );
}

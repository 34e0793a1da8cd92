// W3C Trace Context, level 1: version(2) - trace id(32) - parent id(16) - flags(2), lower-case hexadecimal.
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;

/** Where a caller's span stands in his trace. */
export interface Traceparent {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** Caller-controlled: whatever is not exactly one well-formed value is none. */
export function readTraceparent(values: readonly unknown[]): Traceparent | undefined {
  const [value] = values;
  if (values.length !== 1 || typeof value !== "string" || value.length > 256) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & SAMPLED };
}

import { Metadata } from "@grpc/grpc-js";
import type { RequestHead } from "./head.ts";

/** Request headers that reach a service: all that services read. Cookies and whatever a proxy adds end here. */
const FORWARDED = ["authorization", "traceparent", "origin"] as const;

/** The metadata of a call. A header that was sent twice arrives as two values, so that a service can refuse it. */
export function metadataOf(head: RequestHead): Metadata {
  const metadata = new Metadata();
  for (const name of FORWARDED) {
    // Values with other characters than visible ASCII are no metadata: left out, so that a token with them is no token.
    for (const value of head.headers[name] ?? []) if (/^[ -~]*$/.test(value)) metadata.add(name, value);
  }
  return metadata;
}

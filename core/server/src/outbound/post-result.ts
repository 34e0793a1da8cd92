// Pure: how a try to post ended, in words of a closed list.
import { AddressRefusal } from "./address-guard.ts";

export const POST_RESULTS = ["2xx", "3xx", "4xx", "5xx", "timeout", "refused", "unreachable", "tls"] as const;
export type PostResult = (typeof POST_RESULTS)[number];

/** What is no status of an answer (RFC 9110 section 15: 100 to 199, 600 and above) is a receiver that failed. */
export function resultOfStatus(status: number): PostResult {
  if (status >= 200 && status <= 299) return "2xx";
  if (status >= 300 && status <= 399) return "3xx";
  return status >= 400 && status <= 499 ? "4xx" : "5xx";
}

/** `refused`: by this core, before any connection. */
export function resultOfError(error: unknown): PostResult {
  if (error instanceof AddressRefusal) return "refused";
  if (!(error instanceof Error)) return "unreachable";
  if (error.name === "TimeoutError" || (error.cause instanceof Error && error.cause.name === "TimeoutError"))
    return "timeout";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return /^(ERR_TLS|ERR_SSL|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME)/.test(code) ? "tls" : "unreachable";
}

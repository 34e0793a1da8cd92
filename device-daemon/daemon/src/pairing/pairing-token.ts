import { createHash, randomBytes } from "node:crypto";

const PREFIX = "cs_pair_";

/** A new token of 256 bits, for one page's origin. */
export function newPairingToken(): string {
  return PREFIX + randomBytes(32).toString("base64url");
}

/** What is stored of a token. It has 256 bits of chance, so a plain hash gives nothing away. */
export function hashOfToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** The token of an `authorization` header; undefined where there is not exactly one, or it is none of ours. */
export function bearerOf(values: readonly unknown[]): string | undefined {
  const [value] = values;
  if (values.length !== 1 || typeof value !== "string") return undefined;
  return /^bearer (cs_pair_[A-Za-z0-9_-]{43})$/i.exec(value)?.[1];
}

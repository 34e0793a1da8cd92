import { sha256, toBase64url, toHex, utf8 } from "@countersign/protocol";

/** A token that this page drew: only its hash leaves the page before it is used. */
export interface DrawnToken {
  readonly token: string;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** What page and key both show of it. */
  readonly fingerprint: string;
}

const FINGERPRINT_PREFIX = utf8("countersign/login/v1\0");

/** An administrator's token of 32 random bytes. docs/decisions/0029-console-and-login.md */
export function drawToken(random: Uint8Array): DrawnToken {
  const token = `cs_admin_${toBase64url(random)}`;
  const hash = sha256(utf8(token));
  return { token, hash, fingerprint: fingerprintOf(hash) };
}

/** 64 bits of the hash of a token's hash, in groups of four. */
function fingerprintOf(hash: Uint8Array): string {
  const digits = toHex(sha256(FINGERPRINT_PREFIX, hash)).slice(0, 16).toUpperCase();
  return (digits.match(/.{4}/g) ?? []).join("-");
}

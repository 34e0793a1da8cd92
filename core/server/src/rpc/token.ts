// Bearer tokens: `cs_<what>_<base64url>`, at least 128 random bits. The store holds their SHA-256 alone.
//
// Tokens that a repeated call must return again are derived: cs_conf_ base64url(id ‖ HMAC(K_token, purpose ‖ 0 ‖ id)[0..24]).
// They name what they are for, so that nothing has to be stored about them.
import { equalBytes, fromHex, hmacSha256, sha256, toHex, utf8, type MacKey } from "@countersign/protocol";
import type { Random } from "../given.ts";
import type { HexId } from "../store/entity.ts";

const PREFIX = { confirmation: "cs_conf_", grant: "cs_grant_", enrolment: "cs_enrol_" } as const;
export type TokenPurpose = keyof typeof PREFIX;

const ID_BYTES = 16;
const MAC_BYTES = 24;

/** A token of 256 random bits, e.g. newToken("cs_app_", random). */
export function newToken(prefix: string, random: Random): string {
  return prefix + Buffer.from(random.bytes(32)).toString("base64url");
}

/** Under what a token is stored: hex SHA-256 of all of it. Looking it up by hash takes no time that tells about it. */
export function tokenId(token: string): string {
  return toHex(sha256(utf8(token)));
}

/** The token for `id` (32 hexadecimal digits), the same each time. */
export function derivedToken(secrets: { readonly token: MacKey }, purpose: TokenPurpose, id: HexId): string {
  const bytes = fromHex(id);
  return PREFIX[purpose] + Buffer.concat([bytes, macOf(secrets, purpose, bytes)]).toString("base64url");
}

/** The id that a derived token names, or undefined if it is not ours. Attacker-controlled input; compared in constant time. */
export function openDerivedToken(
  secrets: { readonly token: MacKey },
  purpose: TokenPurpose,
  token: string,
): HexId | undefined {
  if (!token.startsWith(PREFIX[purpose])) return undefined;
  const text = token.slice(PREFIX[purpose].length);
  const bytes = new Uint8Array(Buffer.from(text, "base64url"));
  // Buffer skips what is not base64url: only the one spelling that we write counts.
  if (bytes.length !== ID_BYTES + MAC_BYTES || Buffer.from(bytes).toString("base64url") !== text) return undefined;
  const id = bytes.subarray(0, ID_BYTES);
  return equalBytes(bytes.subarray(ID_BYTES), macOf(secrets, purpose, id)) ? toHex(id) : undefined;
}

function macOf(secrets: { readonly token: MacKey }, purpose: TokenPurpose, id: Uint8Array): Uint8Array {
  return hmacSha256(secrets.token, utf8(`countersign/token/v1\0${purpose}\0`), id).subarray(0, MAC_BYTES);
}

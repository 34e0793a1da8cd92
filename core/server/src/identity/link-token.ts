// What a user sends to a bot to show that the chat is his: 128 bits as 22 characters of base64url, one use, 10 minutes.
import { hmacSha256, utf8, type MacKey } from "@countersign/protocol";
import type { HexId } from "../store/entity.ts";

export const LINK_TOKEN_MS = 600_000;

/** The token for a link, the same each time; the store holds its hash. */
export function linkTokenOf(secrets: { readonly token: MacKey }, linkId: HexId): string {
  const mac = hmacSha256(secrets.token, utf8(`countersign/token/v1\0link\0${linkId}`));
  return Buffer.from(mac.subarray(0, 16)).toString("base64url");
}

/** Attacker-controlled: anything may be typed into a chat. */
export function isLinkToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{22}$/.test(text);
}

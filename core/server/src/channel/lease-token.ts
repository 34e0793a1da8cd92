import { equalBytes, hmacSha256, utf8 } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import type { BotName } from "./lease.ts";

const TOKEN_BYTES = 24;

/**
 * By what the process that holds a lease is known again, on any core, when its stream broke: HMAC(K_token, "lease" ‖
 * tenant ‖ bot ‖ fence). Nothing is stored, and a bot's own token does not lead to it: a thief of that one waits for
 * the lease like any standby.
 */
export function leaseToken(given: Pick<CoreGiven, "secrets">, bot: BotName, fence: number): Uint8Array {
  const named = utf8(`countersign/lease/v1\0${bot.tenantId}\0${bot.botId}\0${fence}`);
  return hmacSha256(given.secrets.token, named).subarray(0, TOKEN_BYTES);
}

/** Whether this is the token of the lease under that fence. Attacker-controlled; compared in constant time. */
export function isLeaseToken(
  given: Pick<CoreGiven, "secrets">,
  bot: BotName,
  { fence, token }: { readonly fence: number; readonly token: Uint8Array },
): boolean {
  return token.length === TOKEN_BYTES && equalBytes(token, leaseToken(given, bot, fence));
}

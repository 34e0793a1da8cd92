// Tokens that administrators drew: the core knows their hashes alone.
import type { CoreGiven } from "../given.ts";
import { tokenKey } from "../identity/entity-key.ts";
import type { TokenHolder } from "../identity/tenant.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfKey, type HexId } from "../store/entity.ts";
import { toHex } from "@countersign/protocol";
import { encodeBody } from "../store/body-codec.ts";
import { changeDirectory, type By } from "./change-directory.ts";

/** tokenId of a token, from the 32 bytes that a request tells. */
export function readTokenHash(bytes: Uint8Array, field: string): string | Refusal {
  return bytes.length === 32 ? toHex(bytes) : badInput(field, "must be 32 bytes: SHA-256 of the token");
}

/** A hash that opens something already belongs to whom it belongs. */
export async function whyNotFree(given: CoreGiven, token: string, holder: TokenHolder): Promise<Refusal | undefined> {
  const key = tokenKey(token);
  const { entities } = await given.store.load(shardOfKey(key), key);
  const held = entities[0].body;
  return held === undefined || isSame(held, listed(holder)) ? undefined : taken;
}

/** The token opens its holder; it counts once the holder lists it. Made once. */
export async function issueToken(
  given: CoreGiven,
  token: string,
  { holder, tenant }: { readonly holder: TokenHolder; readonly tenant: HexId },
  by: By,
): Promise<Refusal | undefined> {
  const made = await changeDirectory(given, { key: tokenKey(token), tenant }, by, (held) => {
    if (held !== undefined) return isSame(held, listed(holder)) ? "same" : taken;
    return { body: listed(holder), event: "token.issued", before: "", after: holder.kind };
  });
  return isRefusal(made) ? made : undefined;
}

const taken = refuse("ALREADY_EXISTS", "token_sha256: there is such a token already. Draw another one.");

/** In the order of members in which it is compared. */
function listed(holder: TokenHolder): TokenHolder {
  return { ...holder, listed: true };
}

function isSame(one: TokenHolder, other: TokenHolder): boolean {
  return encodeBody(one) === encodeBody(other);
}

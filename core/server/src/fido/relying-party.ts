import { fromHex, hmacSha256, NATIVE_ORIGIN, nativeRpIdOf, utf8, type MacKey } from "@countersign/protocol";
import type { Policy } from "../policy/policy.ts";
import type { HexId } from "../store/entity.ts";

const USER_HANDLE = utf8("countersign/user-handle/v1\0");

/** For whom FIDO2 credentials are made: the policy's domain, or a name that no web page can claim. */
export function rpIdOf({ webauthn }: Pick<Policy, "webauthn">, serverId: HexId): string {
  return webauthn?.rpId ?? nativeRpIdOf(fromHex(serverId));
}

/** Who may ask for one: the policy's pages, and programs on the PC. */
export function originsOf({ webauthn }: Pick<Policy, "webauthn">): readonly string[] {
  return [...(webauthn?.origins ?? []), NATIVE_ORIGIN];
}

/** By which a key knows the user, 32 bytes: the same every time, and nothing about him for who reads it from the key. */
export function userHandleOf(
  secrets: { readonly token: MacKey },
  { tenantId, userId }: { readonly tenantId: HexId; readonly userId: string },
): Uint8Array {
  return hmacSha256(secrets.token, USER_HANDLE, fromHex(tenantId), utf8(userId));
}

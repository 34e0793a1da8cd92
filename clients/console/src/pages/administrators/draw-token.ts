import { sha256, toBase64url, utf8 } from "@countersign/protocol";

/** What a token opens, by how it begins. */
export type TokenPrefix = "cs_admin_" | "cs_app_" | "cs_bot_" | "cs_invite_";

/** A token that this page drew. It is handed to the browser as a file, once; what goes to the core is its hash. */
export interface DrawnToken {
  /** 32 bytes: SHA-256 of the whole token. */
  readonly sha256: Uint8Array;
  /** The file's one line. The caller shows it nowhere and keeps it nowhere. */
  readonly line: string;
}

/** A token of 32 random bytes. */
export function drawToken(prefix: TokenPrefix, random: Uint8Array): DrawnToken {
  const token = prefix + toBase64url(random);
  return { sha256: sha256(utf8(token)), line: `${token}\n` };
}

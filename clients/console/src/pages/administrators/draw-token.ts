/** What a token opens, by how it begins. */
export type TokenPrefix = "cs_admin_" | "cs_app_" | "cs_bot_" | "cs_invite_";

/** A token that this page drew. It is handed to the browser as a file, once; what goes to the core is its hash. */
export interface DrawnToken {
  /** 32 bytes: SHA-256 of the whole token. */
  readonly sha256: Uint8Array;
  /** The file's one line. The caller shows it nowhere and keeps it nowhere. */
  readonly line: string;
}

const RANDOM_BYTES = 32;

/** Draws 256 random bits. Rejects where the browser offers no SHA-256: over plain http from another machine. */
export async function drawToken(prefix: TokenPrefix): Promise<DrawnToken> {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const token = prefix + base64url(bytes);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return { sha256: new Uint8Array(hash), line: `${token}\n` };
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

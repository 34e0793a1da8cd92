import { checkSafeText, ProtocolError } from "@countersign/protocol";
import { badInput, type Refusal } from "../rpc/refusal.ts";

/** The relying party's own name of a user. */
export function checkUserId(userId: string): Refusal | undefined {
  if (/^[A-Za-z0-9._@+-]{1,64}$/.test(userId)) return undefined;
  return badInput("user_id", "must be 1 to 64 of A-Z a-z 0-9 . _ @ + -");
}

/** By which a user knows his bot; may be empty. */
export function checkPhrase(phrase: string): Refusal | undefined {
  if (phrase === "") return undefined;
  try {
    checkSafeText(phrase, { maxCodePoints: 40, field: "phrase" });
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return badInput("phrase", error.message);
    throw error;
  }
}

/** The canonical BCP 47 tag; empty: English. */
export function readLocale(locale: string): string | Refusal {
  if (locale === "") return "en";
  try {
    const [canonical] = locale.length <= 35 ? Intl.getCanonicalLocales(locale) : [];
    return canonical ?? badInput("locale", "must be a BCP 47 tag such as de-CH");
  } catch {
    return badInput("locale", "must be a BCP 47 tag such as de-CH");
  }
}

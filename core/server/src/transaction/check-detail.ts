import { checkSafeText, ProtocolError } from "@countersign/protocol";
import { badInput, type Refusal } from "../rpc/refusal.ts";

/** What the user is told: safe text of at most 140 code points, or nothing. */
export function checkDetail(text: string, field: string): Refusal | undefined {
  if (text === "") return undefined;
  try {
    checkSafeText(text, { maxCodePoints: 140, field });
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return badInput(field, error.message);
    throw error;
  }
}

import { checkSafeText, ProtocolError } from "@countersign/protocol";
import { badInput, type Refusal } from "../rpc/refusal.ts";

const LONGEST = 32;

/** By which people call a key; "" takes the name away. Safe text, so that no list can be made to show something else. */
export function checkKeyName(name: string): Refusal | undefined {
  if (name === "") return undefined;
  try {
    checkSafeText(name, { maxCodePoints: LONGEST, field: "name" });
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return badInput("name", error.message);
    throw error;
  }
}

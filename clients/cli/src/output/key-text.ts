import { isFido, type LocalKey } from "@countersign/sdk";
import { printable } from "./printable.ts";

type Named = Pick<LocalKey, "serial" | "model" | "type" | "hasDisplay" | "hasKeypad">;

/** `key 04A1`: the end of its serial; a FIDO2 key tells none and goes by its model. */
export function keyName({ serial, model }: Pick<LocalKey, "serial" | "model">): string {
  return printable(`key ${serial === "" ? model : serial.slice(-4).toUpperCase()}`);
}

/** `key 04A1 found (display, keypad: mode B)`: what it has, and who shows the transaction. */
export function keyText(key: Named, mode = ""): string {
  const parts = [
    ...(isFido(key) ? ["FIDO2"] : []),
    key.hasDisplay ? "display" : "no display",
    key.hasKeypad ? "keypad" : "no keypad",
  ];
  const shown = mode === "" ? parts.join(", ") : `${parts.join(", ")}: mode ${mode}`;
  return printable(`${keyName(key)} found (${shown})`);
}

/** What is weaker with this key, as every surface says it; undefined for a key that takes the code itself. */
export function weakerText({ hasDisplay, hasKeypad }: Pick<LocalKey, "hasDisplay" | "hasKeypad">): string | undefined {
  if (hasKeypad) return undefined;
  const view = hasDisplay ? "" : "; on a key without display the phone is your only trusted view";
  return `This PC sees your code${view}`;
}

import type { LocalKey } from "@countersign/sdk";
import { printable } from "./printable.ts";

/** `key 04A1 found (display, keypad: mode B)`: the end of its serial, what it has, and who shows the transaction. */
export function keyText(key: Pick<LocalKey, "serial" | "hasDisplay" | "hasKeypad">, mode = ""): string {
  const parts = [key.hasDisplay ? "display" : "no display", key.hasKeypad ? "keypad" : "no keypad"];
  const shown = mode === "" ? parts.join(", ") : `${parts.join(", ")}: mode ${mode}`;
  return printable(`key ${key.serial.slice(-4).toUpperCase()} found (${shown})`);
}

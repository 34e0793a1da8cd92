import type { Said } from "./meant.ts";
import type { Message } from "./phone-in-hand.ts";

/** What a person takes from a prompt in the chat. */
export interface ReadMessage {
  readonly tag: string;
  /** Empty when the chat carries the code alone. */
  readonly lines: readonly Said[];
  readonly code: string;
}

const CODE = /^Code:? ([\d ]+)$/m;
const FACT = /^([A-Z][A-Za-z0-9 ]*): (.+)$/;

/** Reads a prompt; undefined for a message without a code (a notice, an outcome, an alert). */
export function readMessage(message: Message): ReadMessage | undefined {
  const blocks = message.text.split("\n\n").map((block) => block.split("\n"));
  const code = CODE.exec(message.text)?.[1];
  if (code === undefined) return undefined;
  const tag = /\b([A-Z]+ [A-Z]+)$/.exec(blocks[0]?.[0] ?? "")?.[1] ?? "";
  return { tag, lines: blocks.flatMap(linesOf), code: code.replaceAll(" ", "") };
}

/**
 * A transaction is a block of its own: what is asked in the first row, then nothing but `Label: value`. A short message
 * is one block, code and all.
 */
function linesOf([kind = "", ...rows]: readonly string[]): Said[] {
  if (rows.some((row) => CODE.test(row)) && !rows.some((row) => row.startsWith("Code: "))) {
    return rows.flatMap((row) => {
      const [, label = "", value = ""] = FACT.exec(row) ?? [];
      return label === "" ? [] : [{ label, value }];
    });
  }
  const facts = rows.map((row) => FACT.exec(row));
  if (FACT.test(kind) || facts.length === 0) return [];
  return facts.every((fact) => fact !== null) ? facts.map(([, label = "", value = ""]) => ({ label, value })) : [];
}

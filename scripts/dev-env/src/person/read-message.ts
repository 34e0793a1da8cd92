import type { Said } from "./meant.ts";
import type { Message } from "./phone-in-hand.ts";

/** What a person takes from a prompt in the chat. */
export interface ReadMessage {
  readonly tag: string;
  /** Empty when the chat carries the code alone. */
  readonly lines: readonly Said[];
  readonly code: string;
}

/** Reads a prompt; undefined for a message without a code (a notice, an outcome, an alert). */
export function readMessage(message: Message): ReadMessage | undefined {
  const rows = message.text.split("\n").map((row) => row.trim());
  const code = rows.map((row) => /^Code: ([\d ]+)$/.exec(row)?.[1]).find((digits) => digits !== undefined);
  if (code === undefined) return undefined;
  const lines = rows.flatMap((row) => {
    const [, label, value] = /^([A-Z][A-Za-z0-9 ]*): (.+)$/.exec(row) ?? [];
    return label === undefined || value === undefined || label === "Code" ? [] : [{ label, value }];
  });
  const tag = rows.map((row) => /\b([A-Z]+ [A-Z]+)$/.exec(row)?.[1]).find((words) => words !== undefined) ?? "";
  return { tag, lines, code: code.replaceAll(" ", "") };
}

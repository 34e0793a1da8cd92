// Assuan, as pinentry speaks it: one line each way, at most 1000 bytes with its LF. In arguments and data lines %, CR and
// LF are written %25, %0D, %0A.
//   we:       COMMAND argument
//   pinentry: OK text | ERR code text | D data | S keyword ... | # comment

/** Longest line in bytes, with its LF. */
export const MAX_LINE = 1000;

/** A line of pinentry. */
export type AssuanLine =
  | { readonly type: "ok" }
  | { readonly type: "error"; readonly code: number }
  | { readonly type: "data"; readonly data: Uint8Array }
  | { readonly type: "note" }
  | { readonly type: "other" };

/** The line of a command; undefined when it would be too long. */
export function commandLine(command: string, argument?: string): string | undefined {
  const line = argument === undefined ? `${command}\n` : `${command} ${escaped(argument)}\n`;
  return Buffer.byteLength(line) > MAX_LINE ? undefined : line;
}

/** Takes one line apart, without its LF. What it says is pinentry's; nothing of it is a secret but `data`. */
export function parseAssuanLine(line: Uint8Array): AssuanLine {
  const text = Buffer.from(line).toString("latin1");
  if (text === "OK" || text.startsWith("OK ")) return { type: "ok" };
  if (text.startsWith("D ")) return { type: "data", data: unescaped(line.subarray(2)) };
  if (text.startsWith("S ") || text.startsWith("#") || text === "") return { type: "note" };
  const code = /^ERR (\d{1,10})(?: |$)/.exec(text)?.[1];
  return code === undefined ? { type: "other" } : { type: "error", code: Number(code) };
}

function escaped(argument: string): string {
  return argument.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

// A per cent sign that no two hexadecimal digits follow stands for itself, as in libassuan.
function unescaped(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const digits = byte === 0x25 ? Buffer.from(bytes.subarray(at + 1, at + 3)).toString("latin1") : "";
    if (/^[0-9A-Fa-f]{2}$/.test(digits)) {
      out.push(Number.parseInt(digits, 16));
      at += 2;
    } else {
      out.push(byte);
    }
  }
  return Uint8Array.from(out);
}

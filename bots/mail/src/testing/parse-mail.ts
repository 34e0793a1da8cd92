/** A mail as its reader's program shows it. */
export interface ParsedMail {
  /** In order, unfolded, encoded words decoded. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly subject: string;
  /** Lines ended by "\n", the last one without. */
  readonly text: string;
}

/** Headers the bot writes. Another one is an injected one. */
const KNOWN: readonly string[] = [
  ...["Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type"],
  ...["Content-Transfer-Encoding", "Content-Language", "Auto-Submitted", "X-Auto-Response-Suppress"],
];
const REQUIRED: readonly string[] = [...KNOWN.slice(0, 5), ...KNOWN.slice(7, 10), ...KNOWN.slice(11)];

/**
 * Reads a mail, strictly: CRLF alone, ASCII, lines of at most 998 bytes (78 in the head, where they can be folded), each header known and present
 * once, one part of quoted-printable UTF-8. Throws an error that names what is wrong. `kept`: as a mailbox on disk has
 * it, lines ended by LF, headers of mail servers above.
 */
export function parseMail(bytes: Uint8Array, kept = false): ParsedMail {
  const lines = Buffer.from(bytes)
    .toString("latin1")
    .split(kept ? "\n" : "\r\n");
  if (lines.some((line) => /[\r\n\0\x80-\xFF]/.test(line))) throw new Error("a bare CR or LF, a NUL or an 8-bit byte");
  if (lines.some((line) => line.length > 998)) throw new Error("a line of more than 998 bytes");
  if (lines.at(-1) !== "") throw new Error("the last line has no end");
  const split = lines.indexOf("");
  const headers = readHeaders(lines.slice(0, split), kept);
  const value = (name: string): string => headers.find(([known]) => known === name)?.[1] ?? "";
  if (value("Content-Type") !== "text/plain; charset=utf-8") throw new Error("not one part of plain text in UTF-8");
  if (value("Content-Transfer-Encoding") !== "quoted-printable") throw new Error("not quoted-printable");
  return { headers, subject: value("Subject"), text: decodeBody(lines.slice(split + 1, -1)) };
}

function readHeaders(lines: readonly string[], kept: boolean): [string, string][] {
  const headers: [string, string][] = [];
  for (const line of lines) {
    const last = headers.at(-1);
    const match = /^([A-Za-z-]+): (.*)$/.exec(line);
    if (/^[ \t]+\S/.test(line) && last !== undefined) last[1] += line;
    else if (match?.[1] === undefined) throw new Error("a line in the head that is no header");
    else headers.push([match[1], match[2] ?? ""]);
  }
  const ours = kept ? headers.filter(([name]) => KNOWN.includes(name)) : headers;
  const names = ours.map(([name]) => name);
  for (const name of names)
    if (!KNOWN.includes(name)) throw new Error(`a header ${name}, which no mail of the bot has`);
  for (const name of REQUIRED) if (!names.includes(name)) throw new Error(`no header ${name}`);
  if (new Set(names).size !== names.length) throw new Error("a header twice");
  if (!kept && lines.some(isUnfolded)) throw new Error("a line in the head of more than 78 bytes");
  return ours.map(([name, text]) => [name, decodeWords(text)]);
}

/** What cannot be folded, such as a long address, may be longer. */
function isUnfolded(line: string): boolean {
  return line.length > 78 && / /.test(line.replace(/^(?:[A-Za-z-]+:)? /, ""));
}

function decodeWords(text: string): string {
  const joined = text.replaceAll(/(\?=)\s+(?==\?)/g, "$1");
  return joined.replaceAll(/=\?utf-8\?B\?([A-Za-z0-9+/=]*)\?=/g, (_word, base64: string) =>
    new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(base64, "base64")),
  );
}

function decodeBody(lines: readonly string[]): string {
  const bytes: number[] = [];
  lines.forEach((line, at) => {
    if (line.length > 76 || /[ \t]$/.test(line)) throw new Error("a line that quoted-printable does not allow");
    const soft = line.endsWith("=");
    for (const [piece] of (soft ? line.slice(0, -1) : line).matchAll(/=[0-9A-F]{2}|[^=]|=/g)) {
      if (piece === "=") throw new Error("an equals sign that encodes nothing");
      bytes.push(piece.length === 3 ? Number.parseInt(piece.slice(1), 16) : piece.charCodeAt(0));
    }
    if (soft && at === lines.length - 1) throw new Error("the text ends within a line");
    if (!soft && at < lines.length - 1) bytes.push(0x0a);
  });
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

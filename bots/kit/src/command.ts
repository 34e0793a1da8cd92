import { CommandType } from "@countersign/proto/node/channel/v1/channel_service";

/** What a text means to a bot. Everything in it is attacker-controlled. */
export type Request =
  | { readonly type: "link"; readonly token: string }
  | { readonly type: "command"; readonly command: CommandType; readonly argument: string }
  | { readonly type: "greet" }
  | { readonly type: "help" }
  | { readonly type: "code" }
  | { readonly type: "veto"; readonly tag: string }
  | { readonly type: "other" };

const COMMANDS: ReadonlyMap<string, CommandType> = new Map([
  ["pending", CommandType.PENDING],
  ["history", CommandType.HISTORY],
  ["channels", CommandType.CHANNELS],
  ["status", CommandType.STATUS],
  ["freeze", CommandType.FREEZE],
  ["thaw", CommandType.THAW],
  ["unlink", CommandType.UNLINK],
  ["language", CommandType.LANGUAGE],
]);

/** Commands as a provider's menu lists them, in the order of /help. */
export const COMMAND_NAMES = [
  "pending",
  "history",
  "channels",
  "status",
  "freeze",
  "thaw",
  "unlink",
  "language",
  "help",
] as const;

// 128 bits as base64url.
const LINK_TOKEN = /^[A-Za-z0-9_-]{22}$/;
// 6 to 10 digits of any script, however grouped, alone or within a sentence: who types that to a bot may well think that
// it wants a code. A false alarm costs a sentence.
const CODE = /(?<!\p{Nd}[\s.·-]{0,2})\p{Nd}(?:[\s.·-]{0,2}\p{Nd}){5,9}(?![\s.·-]{0,2}\p{Nd})/u;
// Phones write the first letter large by themselves, Chinese keyboards the sign wide. Some programs keep `/` to
// themselves, so `!` does the same everywhere.
const COMMAND = /^[/!\uFF0F\uFF01]([A-Za-z]{1,16})(?:@\w{1,64})?(?:\s+(\S[^]*))?$/u;
const TAG = /^[A-Za-z]{1,16}\s+[A-Za-z]{1,16}$/;

/** Reads `/command@bot argument`, a link token by itself, `!block TAG`, and whether somebody types a code. */
export function readRequest(text: string): Request {
  const trimmed = text.trim();
  if (LINK_TOKEN.test(trimmed)) return { type: "link", token: trimmed };
  const match = COMMAND.exec(trimmed);
  const command = match === null ? undefined : readCommand((match[1] ?? "").toLowerCase(), match[2] ?? "");
  return command ?? { type: CODE.test(trimmed) ? "code" : "other" };
}

// Who writes more behind /freeze than it takes is in a hurry: it freezes all the same.
function readCommand(name: string, argument: string): Request | undefined {
  if (name === "start") return LINK_TOKEN.test(argument) ? { type: "link", token: argument } : { type: "greet" };
  if (name === "help") return { type: "help" };
  if (name === "block") {
    return TAG.test(argument) ? { type: "veto", tag: argument.toUpperCase().replace(/\s+/, " ") } : undefined;
  }
  const command = COMMANDS.get(name);
  return command === undefined ? undefined : { type: "command", command, argument };
}

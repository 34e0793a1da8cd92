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

const COMMANDS: Readonly<Record<string, CommandType>> = {
  pending: CommandType.PENDING,
  history: CommandType.HISTORY,
  channels: CommandType.CHANNELS,
  status: CommandType.STATUS,
  freeze: CommandType.FREEZE,
  thaw: CommandType.THAW,
  unlink: CommandType.UNLINK,
  language: CommandType.LANGUAGE,
};

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
// 6 to 10 digits of any script, however grouped: nobody types that to a bot but a code.
const CODE = /^\p{Nd}(?:[\s.·-]*\p{Nd}){5,9}$/u;
const TAG = /^[A-Za-z]{1,16} [A-Za-z]{1,16}$/;

/** Reads `/command@bot argument`, a link token by itself, a typed code, `!block TAG`. */
export function readRequest(text: string): Request {
  const trimmed = text.trim();
  if (CODE.test(trimmed)) return { type: "code" };
  if (LINK_TOKEN.test(trimmed)) return { type: "link", token: trimmed };
  const match = /^[/!]([a-z]{1,16})(?:@\w{1,64})?(?:\s+(\S.{0,63}))?$/su.exec(trimmed);
  const name = match?.[1];
  const argument = match?.[2]?.trim() ?? "";
  if (name === undefined) return { type: "other" };
  if (name === "start") return LINK_TOKEN.test(argument) ? { type: "link", token: argument } : { type: "greet" };
  if (name === "help") return { type: "help" };
  if (name === "block") return TAG.test(argument) ? { type: "veto", tag: argument.toUpperCase() } : { type: "other" };
  const command = COMMANDS[name];
  return command === undefined ? { type: "other" } : { type: "command", command, argument };
}

import { readlinkSync } from "node:fs";
import { noPrompt } from "./no-prompt.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { PinentryPrompt } from "./pinentry-prompt.ts";
import type { Prompt } from "./prompt.ts";
import { hasTerminal, TerminalPrompt } from "./terminal-prompt.ts";

/** The daemon's prompt: pinentry where its path is given, else the terminal it was started from, else none. */
export function openPrompt(pinentry: string | undefined): Prompt {
  if (pinentry !== undefined) {
    const tty = process.env["GPG_TTY"] ?? ownTerminal();
    return new OneAtATime(new PinentryPrompt(pinentry, tty === undefined ? {} : { tty }));
  }
  return hasTerminal() ? new OneAtATime(new TerminalPrompt()) : noPrompt;
}

function ownTerminal(): string | undefined {
  for (const fd of [0, 1, 2]) {
    try {
      const name = readlinkSync(`/proc/self/fd/${fd}`);
      if (/^\/dev\/(pts\/\d+|tty\w*)$/.test(name)) return name;
    } catch {
      // No /proc, or the stream is closed: the next one.
    }
  }
  return undefined;
}

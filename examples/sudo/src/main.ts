// Started by pam_exec through `countersign-pam`. Exit 0 lets in; anything else does not. README.md.
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { breakGlassCommand } from "./break-glass-command.ts";
import { newTokens } from "./break-glass.ts";
import { confirmCommand, type CommandGiven, type Places } from "./confirm-command.ts";
import { oneLine } from "./plain-text.ts";

const USAGE = `usage: countersign-pam confirm [--config FILE] [--uses FILE] [--syslog SOCKET]
       countersign-pam break-glass [--tokens FOLDER] [--uses FILE] [--syslog SOCKET]
       countersign-pam new-tokens COUNT [--tokens FOLDER]`;

const TEXT = { type: "string" } as const;
const OPTIONS = { config: TEXT, tokens: TEXT, uses: TEXT, syslog: TEXT };

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [command, count = ""] = positionals;
  const places: Places = {
    config: values.config ?? "/etc/countersign/pam.json",
    tokens: values.tokens ?? "/etc/countersign/break-glass.d",
    uses: values.uses ?? "/var/log/countersign-break-glass.log",
    syslog: values.syslog,
  };
  const given: CommandGiven = { places, env: process.env, say, signal: leaving() };
  switch (command) {
    case "confirm":
      return (await confirmCommand(given)) ? 0 : 1;
    case "break-glass":
      return breakGlassCommand(await text(process.stdin), given) ? 0 : 1;
    case "new-tokens": {
      if (!/^[1-9]\d?$/.test(count)) throw new Error("COUNT: 1 to 99");
      const name = `made ${new Date().toISOString().slice(0, 10)}, number`;
      for (const token of newTokens(places.tokens, Number(count), name)) say(token);
      process.stderr.write("Each lets somebody in once. Keep them on paper, in a safe: they are stored nowhere.\n");
      return 0;
    }
    case undefined:
    default:
      throw new Error(USAGE);
  }
}

function say(line: string): void {
  process.stdout.write(`${oneLine(line)}\n`);
}

/** Whoever ends this program withdraws. pam_exec gives it a session of its own, so no Ctrl-C at the terminal does. */
function leaving(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  process.stdout.on("error", () => stop.abort());
  return stop.signal;
}

process.exitCode = 1;
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  for (const line of (error instanceof Error ? error.message : String(error)).split("\n")) say(line);
}

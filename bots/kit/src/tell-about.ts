import { readFileSync } from "node:fs";

/** What every bot takes, for the help of a bot. */
export const CORE_USAGE = `  --core HOST:PORT        the core; of several, IP addresses with port divided by commas
  --token-file FILE       holds this bot's token of the core
  --core-ca FILE          certificates that vouch for the core, where the system's do not
  --plaintext             no TLS to the core: on loopback alone
  --zone NAME             zone of the times in messages (default: the machine's)
  --help, --version       say it and end`;

/** Answers `--help` and `--version` and ends the process; does nothing otherwise. `program`: its import.meta.url. */
export function tellAbout(program: string, usage: string): void {
  const asked = process.argv.slice(2);
  if (asked.includes("--help")) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  if (asked.includes("--version")) {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", program), "utf8")) as { version: string };
    process.stdout.write(`${version}\n`);
    process.exit(0);
  }
}

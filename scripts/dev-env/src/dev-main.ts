// scripts/dev: parses the command line, starts everything, ends it on a signal.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { keepFromTerminal, ROOT } from "@countersign/testing/child";
import { DataFolderError } from "./dev/data-folder.ts";
import { startDev } from "./dev/dev.ts";
import { devText } from "./dev/tell-dev.ts";
import { untilSignal } from "./until-signal.ts";

const HELP = `scripts/dev [--json] [--data DIR]

Starts everything on loopback until Ctrl-C: core, bank, a key and a phone as pages, the device daemon, the administrators'
console and the bank's page to pay in (built first where no built ones are as new as their sources). The user "anna", her key and her phone are set up.
Takes ports 8700 to 8703 and 7411 when they are free, else free ones.

--json      one JSON line on standard output when ready: every address, socket and file
--data DIR  keeps the data there over restarts; without it they go at the end
exit        0 ended by Ctrl-C or SIGTERM, 2 wrong usage, 69 a part could not start or ended by itself
`;

const USAGE = 2;
const BROKEN = 69;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      data: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const at = process.env["CALLED_FROM"] ?? process.cwd();
  keepFromTerminal();
  const asked = untilSignal();
  const started = performance.now();
  if (!values.json && process.stderr.isTTY) process.stderr.write("  Countersign dev   starting\n");
  const dev = await startDev({ data: values.data === undefined ? undefined : resolve(at, values.data) });
  try {
    const readyMs = performance.now() - started;
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ ready: true, ...dev.endpoints, readyMs: Math.round(readyMs) })}\n`);
    } else process.stdout.write(devText(dev, { readyMs, at, top: ROOT }));
    const why = await Promise.race([asked, dev.broken.then((words) => ({ words }))]);
    if (typeof why === "string") return 0;
    process.stderr.write(`${why.words}\n`);
    return BROKEN;
  } finally {
    await dev.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const isUsage = error instanceof DataFolderError || code.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(isUsage ? `${message}\n\n${HELP}` : `${message}\n`);
  process.exitCode = isUsage ? USAGE : BROKEN;
}
// A signal that came during the start has been waited for; nothing of ours is left that could keep this process.
process.exit();

// scripts/docs: builds the site, and serves it where that is asked.
import { relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BUILT, buildSite } from "./build-site.ts";
import { serveSite } from "./site-server.ts";

const HELP = `scripts/docs [--serve] [--port N] [--out FOLDER]

Builds the documentation as a site of plain files. A link that leads nowhere fails the build.

--out FOLDER  where to (default docs/.vitepress/dist); what was there goes
--serve       then serves it on 127.0.0.1 until Ctrl-C
--port N      the port (default: a free one)
exit          0 built, 1 the site does not build, 2 wrong usage
`;

try {
  const { values } = parseArgs({
    options: {
      serve: { type: "boolean", default: false },
      port: { type: "string", default: "0" },
      out: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const at = process.env["CALLED_FROM"] ?? process.cwd();
  if (values.help) process.stdout.write(HELP);
  else await run(values.out === undefined ? BUILT : resolve(at, values.out), values.serve, portOf(values.port));
} catch (error) {
  const isUsage = error instanceof Error && ("code" in error || error instanceof RangeError);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${isUsage ? `\n${HELP}` : ""}`);
  process.exitCode = isUsage ? 2 : 1;
}

async function run(folder: string, serve: boolean, port: number): Promise<void> {
  buildSite(folder);
  process.stdout.write(`✔ built ${relative(process.cwd(), folder)}\n`);
  if (!serve) return;
  const { address, close } = await serveSite(folder, port);
  process.stdout.write(`  ${address}   Ctrl-C ends it\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void close());
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RangeError(`--port ${text}: a number from 0 to 65535, where 0 is a free one`);
  return port;
}

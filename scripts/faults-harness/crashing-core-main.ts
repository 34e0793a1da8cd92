// The real core that ends itself at a named point: the flags of `countersign-core serve`, and --crash-at POINT:HIT. With
// --count-to FILE it writes there, at its end, how often it passed each point.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openLog, readConfig, startCore, type CrashPoint } from "@countersign/core";

const text = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    ...{ "crash-at": text, "count-to": text, data: text, secrets: text, listen: text, "log-level": text },
    development: { type: "boolean" },
  },
});
const { "crash-at": crashAt = ":0", "count-to": countTo, ...flags } = values;
const [point, hit] = crashAt.split(":");
const passed = new Map<CrashPoint, number>();

const config = readConfig({ flags, env: {} });
const core = await startCore(config, openLog(config.logLevel), {
  buggify: (at) => {
    const count = (passed.get(at) ?? 0) + 1;
    passed.set(at, count);
    if (at === point && count === Number(hit)) process.kill(process.pid, "SIGKILL");
  },
});
process.once("SIGTERM", () => void end());
process.stdout.write(`${JSON.stringify({ ready: true, address: core.address })}\n`);

async function end(): Promise<void> {
  await core.drain();
  if (countTo !== undefined) writeFileSync(countTo, JSON.stringify(Object.fromEntries(passed)));
  process.exit(0);
}

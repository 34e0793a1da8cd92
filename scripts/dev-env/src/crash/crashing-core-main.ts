// The real core with a store around its store: `--crash-folder DIR` and the flags of `countersign-core serve`. It loads,
// says that it is ready, and opens the data at SIGUSR2.
import { appendFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openLog, readConfig, startCore, type RunningCore } from "@countersign/core";
import { CrashingStore, LIVES } from "./crashing-store.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { "crash-folder": text, data: text, secrets: text, listen: text } });
const { "crash-folder": folder = "", ...flags } = values;
const config = readConfig({ flags: { ...flags, development: true, "log-level": "warn" }, env: {} });
const crashing = new CrashingStore(folder);
let core: RunningCore | undefined;
process.once("SIGTERM", () => {
  if (core === undefined) process.exit(0);
  void core.drain();
});
// A waiting process that nobody needs any more ends with the one that started it.
const waiting = setInterval(() => {
  if (process.ppid === 1) process.exit(0);
}, 1_000);
const turn = once(process, "SIGUSR2");
process.stdout.write('{"ready":true}\n');
await turn;
clearInterval(waiting);
core = await startCore(config, openLog(config.logLevel), {
  aroundStore: (store) => crashing.around(store),
  buggify: crashing.buggify,
});
appendFileSync(join(folder, LIVES), "serves\n");

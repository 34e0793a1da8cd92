// A core whose store does not sync, for the control of the power campaign: it must lose. Flags of `countersign-core serve`.
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { openLog, readConfig, startCore } from "@countersign/core";

const text = { type: "string" } as const;
const { values } = parseArgs({
  options: { data: text, secrets: text, listen: text, "log-level": text, development: { type: "boolean" } },
});
const opened = new Set<DatabaseSync>();
const prepare = Reflect.get(DatabaseSync.prototype, "prepare");
DatabaseSync.prototype.prepare = function (this: DatabaseSync, ...args) {
  opened.add(this);
  return prepare.apply(this, args);
};
const config = readConfig({ flags: values, env: {} });
const core = await startCore(config, openLog(config.logLevel));
for (const db of opened) if (db.isOpen) db.exec("PRAGMA synchronous = OFF");
process.once("SIGTERM", () => void core.drain().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify({ ready: true, address: core.address })}\n`);

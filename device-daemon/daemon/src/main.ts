#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { pino } from "pino";
import { ConfigError, parseConfig, USAGE } from "./config.ts";
import { isPairingCommand, runPairingCommand } from "./pairing/pairing-command.ts";
import { PairingFileError } from "./pairing/private-file.ts";
import { SocketPlaceError } from "./socket-server.ts";
import { startDaemon } from "./start-daemon.ts";

async function main(argv: readonly string[]): Promise<void> {
  const config = parseConfig(argv, process.env);
  // Logs go to stderr, so that stdout carries the readiness line alone.
  const log = pino({ level: process.env["COUNTERSIGN_LOG"] ?? "info" }, pino.destination({ dest: 2, sync: true }));
  const daemon = await startDaemon(config, log);
  const stop = async (): Promise<void> => {
    await daemon.close();
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop());
  process.once("SIGINT", () => void stop());
  console.log(JSON.stringify({ ready: true, socket: `unix:${config.socket}`, webPort: daemon.webPort }));
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version;

const argv = process.argv.slice(2);
if (argv.includes("--help")) {
  console.log(USAGE);
} else if (argv.includes("--version")) {
  console.log(version());
} else {
  try {
    if (isPairingCommand(argv)) console.log(runPairingCommand(argv, process.env).join("\n"));
    else await main(argv);
  } catch (cause) {
    const isUsage = cause instanceof ConfigError || (cause instanceof TypeError && "code" in cause);
    const isPlace = cause instanceof SocketPlaceError || cause instanceof PairingFileError;
    console.error(isUsage || isPlace ? cause.message : cause);
    if (isUsage) console.error(USAGE);
    process.exitCode = isUsage ? 2 : 1;
  }
}

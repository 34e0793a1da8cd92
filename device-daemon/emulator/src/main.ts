#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { toHex } from "@countersign/protocol";
import { ControlServer } from "./control/control-server.ts";
import { onGadget, onSockets, onUhid, type Plugs } from "./backend/plugs.ts";
import { ConfigError, type EmulatorConfig, parseConfig, USAGE } from "./config.ts";
import { Emulator } from "./emulator.ts";
import { SealedStore } from "./storage/sealed-store.ts";

async function main(argv: readonly string[]): Promise<void> {
  const config = parseConfig(argv);
  const emulator = new Emulator({
    profile: config.profile,
    store: new SealedStore(config.store),
    plugs: plugsOf(config),
  });
  await emulator.plug();
  const control = new ControlServer(emulator);
  const url = await control.listen(config.controlPort);
  const stop = async (): Promise<void> => {
    await Promise.all([control.close(), emulator.unplug()]);
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop());
  process.once("SIGINT", () => void stop());
  const attestationKey = toHex(emulator.attestationKey());
  const fidoRoot = emulator.fidoRoot();
  const { vendor: socket, fido: fidoSocket } = config.bus.type === "socket" ? config.bus.paths : {};
  console.log(JSON.stringify({ ready: true, socket, fidoSocket, control: url, attestationKey, fidoRoot }));
}

function plugsOf({ bus, profile }: EmulatorConfig): Plugs {
  switch (bus.type) {
    case "socket":
      return onSockets(bus.paths);
    case "uhid":
      return onUhid(profile);
    case "gadget":
      return onGadget(bus.paths, bus.gadget);
  }
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
    await main(argv);
  } catch (cause) {
    const isUsage = cause instanceof ConfigError || (cause instanceof TypeError && "code" in cause);
    console.error(cause instanceof Error ? cause.message : "failed");
    if (isUsage) console.error(USAGE);
    process.exitCode = isUsage ? 2 : 1;
  }
}

#!/usr/bin/env node
import { parseArgs } from "node:util";
import {
  connectByFlags,
  CORE_FLAGS,
  CORE_USAGE,
  openLog,
  requiredFlag,
  runBot,
  runProcess,
  systemTimer,
  tellAbout,
  zoneByFlags,
} from "@countersign/bot-kit";
import { SANDBOX_PACE, SandboxChannel } from "./sandbox-channel.ts";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { ...CORE_FLAGS, listen: { type: "string" } }, strict: true });
  const listen = requiredFlag("listen", values.listen, "where the phone is shown, such as 127.0.0.1:0");
  const port = /^(?:127\.0\.0\.1|localhost):(\d{1,5})$/.exec(listen)?.[1];
  if (port === undefined) throw new Error(`--listen ${listen}: the phone shows codes and stays on 127.0.0.1`);
  const channel = new SandboxChannel(Number(port));
  const core = connectByFlags(values);
  const given = {
    channel,
    core,
    pace: SANDBOX_PACE,
    zone: zoneByFlags(values),
    timer: systemTimer,
    log: openLog("sandbox"),
  };
  await runBot(given, () => ({ phone: channel.address }));
}

const USAGE = `Usage: countersign-bot-sandbox OPTIONS

  --listen HOST:PORT      where the phone is shown, such as 127.0.0.1:0; a core in production refuses this bot
${CORE_USAGE}`;

tellAbout(import.meta.url, USAGE);
await runProcess("sandbox phone", main);

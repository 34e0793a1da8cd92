#!/usr/bin/env node
import { parseArgs } from "node:util";
import {
  connectByFlags,
  CORE_FLAGS,
  CORE_USAGE,
  openLog,
  runBot,
  runProcess,
  systemTimer,
  tellAbout,
  zoneByFlags,
} from "@countersign/bot-kit";
import { platformByFlags, SMS_FLAGS } from "./platform-by-flags.ts";
import { SMS_PACE, SmsChannel } from "./sms-channel.ts";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { ...CORE_FLAGS, ...SMS_FLAGS }, strict: true });
  const log = openLog("sms");
  const platform = platformByFlags(values, { timer: systemTimer, log });
  const channel = new SmsChannel({ platform, timer: systemTimer, log });
  const core = connectByFlags(values);
  await runBot({ channel, core, pace: SMS_PACE, zone: zoneByFlags(values), timer: systemTimer, log }, () => ({}));
}

const USAGE = `Usage: countersign-bot-sms OPTIONS

  --driver http|smpp      how the SMS platform is spoken to; docs/how-to/sms-bot.md explains what follows
  --sender NAME           whom messages are from
  http: --gateway-file FILE, --secret NAME=FILE..., --receipt-listen HOST:PORT, --receipt-url URL, --provider-plaintext
  smpp: --smpp HOST:PORT, --smpp-tls, --smpp-ca FILE, --system-id NAME, --smpp-password-file FILE, --smpp-window N,
        --smpp-joining WAY, --smpp-validity S, --smpp-alphabet NAME
${CORE_USAGE}`;

tellAbout(import.meta.url, USAGE);
await runProcess("sms bot", main);

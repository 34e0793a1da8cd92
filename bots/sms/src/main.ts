import { parseArgs } from "node:util";
import {
  connectByFlags,
  CORE_FLAGS,
  openLog,
  runBot,
  runProcess,
  systemTimer,
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

await runProcess("sms bot", main);

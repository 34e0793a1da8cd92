import { parseArgs } from "node:util";
import {
  connectByFlags,
  CORE_FLAGS,
  openLog,
  readSecret,
  requiredFlag,
  runBot,
  runProcess,
  systemTimer,
  zoneByFlags,
} from "@countersign/bot-kit";
import { TELEGRAM_PACE, TelegramChannel } from "./telegram-channel.ts";
import { WEBHOOK_FLAGS, webhookByFlags } from "./webhook-settings.ts";

const FLAGS = {
  ...CORE_FLAGS,
  ...WEBHOOK_FLAGS,
  "telegram-token-file": { type: "string" },
  "api-root": { type: "string" },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS, strict: true });
  const tokenFile = requiredFlag(
    "telegram-token-file",
    values["telegram-token-file"],
    "path of a file holding the token from BotFather",
  );
  const log = openLog("telegram");
  const channel = new TelegramChannel({
    token: readSecret("telegram token", tokenFile),
    apiRoot: values["api-root"] ?? "https://api.telegram.org/",
    timer: systemTimer,
    log,
    webhook: webhookByFlags(values),
  });
  const core = connectByFlags(values);
  await runBot({ channel, core, pace: TELEGRAM_PACE, zone: zoneByFlags(values), timer: systemTimer, log }, () => ({}));
}

await runProcess("telegram bot", main);

#!/usr/bin/env node
import { parseArgs } from "node:util";
import {
  connectByFlags,
  CORE_FLAGS,
  CORE_USAGE,
  openLog,
  readSecret,
  requiredFlag,
  runBot,
  runProcess,
  systemTimer,
  tellAbout,
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

const USAGE = `Usage: countersign-bot-telegram OPTIONS

  --telegram-token-file FILE   the token that BotFather gave
  --api-root URL          another Bot API server (default https://api.telegram.org/)
  --webhook-listen HOST:PORT, --webhook-url URL, --webhook-secret-file FILE
                          Telegram brings the updates, through a proxy of yours; without: the bot asks for them
${CORE_USAGE}`;

tellAbout(import.meta.url, USAGE);
await runProcess("telegram bot", main);

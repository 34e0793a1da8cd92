import { parseArgs } from "node:util";
import {
  connectByFlags,
  CORE_FLAGS,
  openLog,
  readSecret,
  requiredFlag,
  runBot,
  systemTimer,
  zoneByFlags,
} from "@countersign/bot-kit";
import { lastWords, refuseTraces, scrub } from "./last-words.ts";
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

// What node would print here is the error with all it holds, such as a request. State is unknown: whoever runs us starts anew.
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    process.stderr.write(`telegram bot: ${lastWords(error)}\n`);
    process.exit(70);
  });
}

try {
  refuseTraces(process.env);
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`telegram bot: ${error instanceof Error ? scrub(error.message) : "ended"}\n`);
  process.exit(69);
}

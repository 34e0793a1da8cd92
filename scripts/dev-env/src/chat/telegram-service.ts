import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startChild } from "@countersign/testing/child";
import type { ChatService } from "./chat-service.ts";

const TELEGRAM_TOKEN = "4242:local-development-only";

/** The real Telegram adapter against the strict fake of Telegram's own service. */
export async function startTelegram(folder: string): Promise<ChatService> {
  const tokenFile = join(folder, "tokens/telegram.token");
  writeFileSync(tokenFile, TELEGRAM_TOKEN, { mode: 0o600 });
  const service = await startChild("bots/telegram/src/testing/fake-bot-api-main.ts", [
    ...["--listen", "127.0.0.1:0", "--telegram-token-file", tokenFile],
  ]);
  const apiRoot = String(service.ready["apiRoot"]);
  return {
    children: [service],
    bot: {
      entry: "bots/telegram/src/main.ts",
      args: ["--telegram-token-file", tokenFile, "--api-root", apiRoot],
    },
    phoneOf: (chatId) => `${apiRoot}phone/${chatId}`,
    addressOf: () => undefined,
  };
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startChild } from "@countersign/testing/child";
import type { Between, ChatService, Shown } from "./chat-service.ts";

const TELEGRAM_TOKEN = "4242:local-development-only";

/** The real Telegram adapter against the strict fake of Telegram's own service. */
export async function startTelegram(folder: string, between: Between): Promise<ChatService> {
  const tokenFile = join(folder, "tokens/telegram.token");
  writeFileSync(tokenFile, TELEGRAM_TOKEN, { mode: 0o600 });
  const service = await startChild("bots/telegram/src/testing/fake-bot-api-main.ts", [
    ...["--listen", "127.0.0.1:0", "--telegram-token-file", tokenFile],
  ]);
  const apiRoot = String(service.ready["apiRoot"]);
  const botsRoot = new URL(apiRoot);
  botsRoot.port = String(await between(Number(botsRoot.port), "telegram"));
  return {
    children: [service],
    bot: {
      entry: "bots/telegram/src/main.ts",
      args: ["--telegram-token-file", tokenFile, "--api-root", botsRoot.href],
    },
    phoneOf: (chatId) => `${apiRoot}phone/${chatId}`,
    addressOf: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
    everShown: (chatId) => everShown(apiRoot, chatId),
  };
}

interface Recorded {
  readonly params: Readonly<Record<string, unknown>>;
  readonly performed: boolean;
  readonly result?: { readonly message_id?: number };
}

/** From what the fake was asked to do and did. */
async function everShown(apiRoot: string, chatId: string): Promise<Shown[]> {
  const history = (await (await fetch(`${apiRoot}history`)).json()) as Recorded[];
  return history
    .filter(
      ({ params, performed }) => performed && String(params["chat_id"]) === chatId && params["text"] !== undefined,
    )
    .map(({ params, result }, i) => ({
      messageId: JSON.stringify(params["message_id"] ?? result?.message_id ?? `new ${i}`),
      text: String(params["text"]),
    }));
}

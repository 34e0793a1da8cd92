import type { ChatService } from "./chat-service.ts";

/** The phone for people: a page that the bot itself serves. */
export function startSandbox(): Promise<ChatService> {
  return Promise.resolve({
    children: [],
    bot: { entry: "bots/sandbox/src/main.ts", args: ["--listen", "127.0.0.1:0"] },
    phoneOf: (_chatId, bot) => String(bot.ready["phone"]),
    addressOf: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
    everShown: () => Promise.reject(new Error("the sandbox phone keeps no history")),
  });
}

import { startChild } from "@countersign/testing/child";
import type { Message } from "../person/phone-in-hand.ts";
import type { Between, ChatService } from "./chat-service.ts";

function address(chatId: string): string {
  return `u${chatId}@phone.example`;
}

/** The real mail adapter against a strict mail server of ours, whose mailboxes people read. */
export async function startMail(_folder: string, between: Between): Promise<ChatService> {
  const server = await startChild("bots/mail/src/testing/fake-smtp-main.ts", ["--listen", "127.0.0.1:0"]);
  const origin = String(server.ready["origin"]);
  const [host = "", port = ""] = String(server.ready["smtp"]).split(":");
  const smtp = `${host}:${await between(Number(port), "mail")}`;
  const mailbox = (chatId: string): string => `${origin}/mailbox/${address(chatId)}`;
  return {
    children: [server],
    bot: {
      entry: "bots/mail/src/main.ts",
      args: ["--smtp", smtp, "--smtp-tls", "none", "--from", "Acme Bank <confirm@acme.example>"],
    },
    phoneOf: mailbox,
    addressOf: async (chatId) => {
      await fetch(`${mailbox(chatId)}/open`, { method: "POST" });
      return address(chatId);
    },
    everShown: async (chatId) => {
      const answer = await fetch(`${mailbox(chatId)}/messages`);
      const { messages } = (await answer.json()) as { messages: readonly Message[] };
      return messages.map(({ text }, i) => ({ messageId: String(i), text }));
    },
    close: () => Promise.resolve(),
  };
}

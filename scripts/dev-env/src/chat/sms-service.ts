import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startChild } from "@countersign/testing/child";
import type { Message } from "../person/phone-in-hand.ts";
import type { Between, ChatService } from "./chat-service.ts";

function numberOf(chatId: string): string {
  return `+49151000${chatId}`;
}

/** The real SMS adapter, by SMPP, against a strict SMSC of ours with a phone for every number. */
export async function startSms(folder: string, between: Between): Promise<ChatService> {
  const smsc = await startChild("bots/sms/src/testing/fake-smsc-main.ts", ["--listen", "127.0.0.1:0"]);
  const { origin, smpp, systemId, password } = smsc.ready as Readonly<Record<string, string>>;
  const [host = "", port = ""] = (smpp ?? "").split(":");
  const passwordFile = join(folder, "tokens/smpp-password");
  writeFileSync(passwordFile, password ?? "", { mode: 0o600 });
  const phone = (chatId: string): string => `${origin}/phone/${encodeURIComponent(numberOf(chatId))}`;
  return {
    children: [smsc],
    bot: {
      entry: "bots/sms/src/main.ts",
      args: [
        ...["--driver", "smpp", "--smpp", `${host}:${await between(Number(port), "sms")}`, "--provider-plaintext"],
        ...["--system-id", systemId ?? "", "--smpp-password-file", passwordFile, "--sender", "AcmeBank"],
      ],
    },
    phoneOf: phone,
    addressOf: (chatId) => Promise.resolve(numberOf(chatId)),
    everShown: async (chatId) => {
      const answer = await fetch(`${phone(chatId)}/messages`);
      const { messages } = (await answer.json()) as { messages: readonly Message[] };
      return messages.map(({ text }, i) => ({ messageId: String(i), text }));
    },
    close: () => Promise.resolve(),
  };
}

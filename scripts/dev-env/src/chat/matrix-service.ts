import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startSynapse } from "@countersign/testing/synapse";
import type { Between, ChatService } from "./chat-service.ts";
import { MatrixPhones } from "./matrix-phones.ts";

/** The real Matrix adapter against a real homeserver, and phones of another make. */
export async function startMatrix(folder: string, between: Between): Promise<ChatService> {
  // A person can make a room in the clear: that it is refused must be the bot's doing.
  const synapse = await startSynapse({ encryptsByDefault: false });
  try {
    const home = join(folder, "matrix");
    mkdirSync(home, { mode: 0o700 });
    const secret = (name: string, text: string): string => {
      const path = join(folder, "tokens", name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const password = randomBytes(16).toString("hex");
    const bot = await synapse.register("countersign", password);
    const phones = await MatrixPhones.serve({ synapse, bot, folder: home });
    const url = new URL(synapse.url);
    url.port = String(await between(Number(url.port), "matrix"));
    return {
      children: [],
      bot: {
        entry: "bots/matrix/src/main.ts",
        args: [
          ...["--homeserver", url.href, "--matrix-user", bot],
          ...["--matrix-password-file", secret("matrix-password", password)],
          ...["--store", join(home, "store"), "--recovery-key-file", join(folder, "tokens/matrix-recovery")],
          ...["--store-key-file", secret("matrix-store-key", randomBytes(32).toString("hex"))],
        ],
      },
      phoneOf: (chatId) => phones.urlOf(chatId),
      addressOf: () => Promise.resolve(undefined),
      matrix: phones,
      everShown: (chatId) => phones.everShown(chatId),
      close: async () => {
        await phones.close();
        await synapse.stop();
      },
    };
  } catch (error) {
    await synapse.stop();
    throw error;
  }
}

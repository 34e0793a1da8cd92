import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Installation } from "../installation.ts";

/** Somebody else who polls with the token of the installation's Telegram bot, as a forgotten second program does. */
export interface TwinPoller {
  /** Resolves when one poll of his was ended by the bot's, and he has begun another: so the bot's was ended too. */
  readonly disturbed: Promise<void>;
  stop(): Promise<void>;
}

export async function twinPoller(installation: Installation): Promise<TwinPoller> {
  const token = readFileSync(join(installation.folder, "tokens/telegram.token"), "utf8").trim();
  const { origin } = new URL(installation.phoneOf("1", "telegram"));
  const leaving = new AbortController();
  const disturbed = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  const polling = (async () => {
    while (!leaving.signal.aborted) {
      const asked = fetch(`${origin}/bot${token}/getUpdates`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        // Without an offset nothing is confirmed: what people say stays for the bot.
        body: JSON.stringify({ timeout: 25 }),
        signal: leaving.signal,
      });
      first.resolve();
      const { status } = await asked;
      if (status === 409) disturbed.resolve();
    }
  })().catch((error: unknown) => {
    if (leaving.signal.aborted) return;
    first.reject(error);
    disturbed.reject(error);
  });
  await first.promise;
  return {
    disturbed: disturbed.promise,
    stop: async () => {
      leaving.abort();
      await polling;
    },
  };
}

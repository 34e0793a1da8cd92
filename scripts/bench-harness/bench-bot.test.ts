import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { bearer } from "../fuzz-harness/installation.ts";
import { startOwnCore } from "../fuzz-harness/own-core.ts";
import { live } from "../soak-harness/life.ts";
import { BenchBot } from "./bench-bot.ts";
import { setUpUser } from "./bench-user.ts";
import { Wire } from "./wire.ts";

const [folder, other] = [tempFolder(), tempFolder()];

test("a bot whose stream breaks off comes back, and is handed what waited", async () => {
  const core = await startOwnCore(folder, { store: undefined });
  const app = new Wire(core.address, 2, bearer(core.tokens.submit));
  const till = new Wire(core.address, 1, bearer(core.tokens.execute));
  const bot = await BenchBot.attach(app, bearer(core.tokens.bot), "telegram");
  try {
    const user = await setUpUser(app, bearer(core.tokens.submit), bot, 0);
    const executed: string[] = [];
    for (let n = 0; n < 3; n++) {
      bot.breakOff();
      await live({ app, till, bot, retries: { busy: 0 } }, user, n, (id) => void executed.push(id));
    }
    expect(new Set(executed).size).toBe(3);
    await bot.detach();
    await expect(bot.codeFor(user.peerId, "AMBER TIGER")).rejects.toThrow("not attached any more");
  } finally {
    bot.cancel();
    app.close();
    till.close();
    await core.stop();
  }
});

test("a bot that leaves when its stream is over has left", async () => {
  const core = await startOwnCore(other, { store: undefined });
  const wire = new Wire(core.address, 1, bearer(core.tokens.submit));
  const bot = await BenchBot.attach(wire, bearer(core.tokens.bot), "telegram");
  try {
    bot.breakOff();
    await turn();
    await bot.detach();
    await expect(bot.codeFor("7000", "AMBER TIGER")).rejects.toThrow("not attached any more");
    const next = await BenchBot.attach(wire, bearer(core.tokens.bot), "telegram");
    await next.detach();
  } finally {
    bot.cancel();
    wire.close();
    await core.stop();
  }
});

import { afterEach, describe, expect, test } from "@jest/globals";
import { AnswerType, NoticeType, type Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import { drawHexId } from "../testing/core-world.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { ChannelWorld } from "./testing/channel-world.ts";

let world: ChannelWorld;
afterEach(() => world.close());

describe("TAMPERED", () => {
  test.each(["A", "B"] as const)(
    "mode %s: the alarm is on every channel, the lines where a chat may show them",
    async (mode) => {
      world = await ChannelWorld.open({ policy: { displayMode: mode } });
      const other = drawHexId();
      const bot = await world.attached();
      const second = world.bot(await world.botToken(other));
      await second.hello();
      await world.addLink(other, "sandbox");
      const tx = await world.core.pending();
      const full = await bot.code();
      expect(full.lines).toHaveLength(mode === "A" ? 0 : 3);
      const signed = world.core.signed(tx, { txDigest: new Uint8Array(32), code: full.code });
      const { tenantId } = world.core;
      expect(await submitStatement(world.given, { txId: tx.txId, tenantId, signed })).toMatchObject({
        refused: "TAMPERED",
      });
      const alarm = { tag: tx.tag, code: "", notice: { type: NoticeType.TAMPERED }, actionRef: "" };
      for (const each of [bot, second]) {
        const alert = await each.alert();
        expect(alert).toMatchObject(alarm);
        expect(alert.lines).toHaveLength(mode === "A" ? 0 : 3);
      }
      expect(await bot.outcome()).toMatchObject(alarm);
      expect(bot.phone.withCode()).toHaveLength(0);
    },
  );
});

describe("check 18: resends", () => {
  test("at least 60 s apart, at most 3, each supersedes the last", async () => {
    world = await ChannelWorld.open({ policy: { lifetimeS: 590 } });
    const bot = await world.attached();
    const tx = await world.core.pending();
    const seen: string[] = [];
    let full: Deliver = await bot.code();
    const resend = () =>
      bot.ask({ $case: "resend", value: { eventId: "", fence: 0n, peerId: full.peerId, actionRef: full.actionRef } });
    for (let n = 1; n <= 3; n++) {
      seen.push(full.code);
      world.core.clock.advance(59_999);
      bot.write({ $case: "beat", value: { fence: bot.fence } });
      await bot.next("beatAck");
      expect(await resend()).toMatchObject({ type: AnswerType.RATE_LIMITED });
      world.core.clock.advance(1);
      expect(await resend()).toMatchObject({ type: AnswerType.OK });
      full = await bot.until(() => bot.phone.withCode().find(({ content }) => content.code !== full.code)?.content);
      expect(full).toMatchObject({ notice: { type: NoticeType.RESENT }, providerId: "m1" });
    }
    world.core.clock.advance(60_000);
    expect(await resend()).toMatchObject({ type: AnswerType.RATE_LIMITED });
    expect(new Set([...seen, full.code]).size).toBe(4);
    expect(bot.phone.withCode()).toHaveLength(1);
    await expect(world.confirm(await world.core.transaction(tx.txId), seen[0] ?? "")).rejects.toThrow(/code/i);
    const current = await world.core.transaction(tx.txId);
    expect(current).toMatchObject({ lastRefusal: "CODE_SUPERSEDED", triesLeft: 2 });
    expect(await world.confirm(current, full.code)).toMatchObject({ state: "CONFIRMED" });
  });
});

// Every provider fails: the payment ends UNDELIVERABLE, says why, and leaves no code behind.
import { describe, expect, test } from "@jest/globals";
import { State } from "@countersign/proto/node/core/v1/content";
import { AT_ONCE_MS } from "@countersign/testing";
import type { ChannelName } from "../chat/chat-service.ts";
import { TwoWorlds } from "../faults/two-worlds.ts";

const CHANNELS: readonly ChannelName[] = ["telegram", "mail", "sms"];
const ALWAYS = { times: 100_000 };
const lifetime = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });

const two = TwoWorlds.declare(CHANNELS);

describe("for now", () => {
  two.livesIn("hasty");

  test("telegram and SMS down, mail refuses each mail that it has read: UNDELIVERABLE at the end of its time, and no code stays", async () => {
    const user = await two.world.user();
    for (const channel of ["telegram", "sms"] as const) await two.world.turn(channel, "shut");
    await two.world.fault("mail", { stage: "end", kind: "answer", code: 452, text: "4.3.1 full", ...ALWAYS });
    // The last 20 seconds are no time for a code; before them each channel has its seven.
    const waiting = await user.pay({ lifetime: lifetime(60) });
    await user.reaches(waiting, State.UNDELIVERABLE);
    await waiting.timeline.ended;
    expect(waiting.timeline.askedInOrder()).toEqual(CHANNELS);
    expect(await user.attempts(waiting)).toEqual(CHANNELS.map((channel) => `${channel} FAILED CHANNEL_DOWN`));
    const codes = await user.codesOfLostMails();
    expect(codes.size).toBe(1);
    expect(two.world.codesIn(codes)).toEqual([]);
    for (const channel of CHANNELS) {
      await two.world.mend(channel);
      await two.world.turn(channel, "open");
    }
    await user.answered("telegram");
    for (const channel of CHANNELS) expect(await user.codesOn(channel)).toEqual([]);
  }, 400_000);
});

describe("for good", () => {
  two.livesIn("patient");

  test("every channel refuses the person for good: UNDELIVERABLE at once, every link DEAD", async () => {
    const user = await two.world.user();
    const forbidden = { kind: "status", status: 403, description: "Forbidden: user is deactivated" };
    await two.world.fault("telegram", { method: "sendMessage", ...forbidden, ...ALWAYS });
    await two.world.fault("mail", { stage: "RCPT", kind: "answer", code: 550, text: "5.1.1 no such user", ...ALWAYS });
    await two.world.fault("sms", { kind: "status", status: 0x0b, ...ALWAYS });
    const began = performance.now();
    const waiting = await user.pay();
    await user.reaches(waiting, State.UNDELIVERABLE);
    expect(performance.now() - began).toBeLessThan(AT_ONCE_MS);
    // A channel that is lost is told to the others, and one that dies of that is not asked for the code any more.
    const attempts = await user.attempts(waiting);
    expect(attempts[0]).toMatch(/^telegram/);
    for (const attempt of attempts) expect(attempt).toMatch(/ FAILED CHANNEL_BLOCKED_BY_USER$/);
    await waiting.timeline.ended;
    expect(await user.links()).toEqual(CHANNELS.map((channel) => `${channel} DEAD`));
    for (const channel of CHANNELS) expect(await user.codesOn(channel)).toEqual([]);
  }, 400_000);
});

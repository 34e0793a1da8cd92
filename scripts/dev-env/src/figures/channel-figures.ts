import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Child } from "@countersign/testing/child";
import type { ChannelName } from "../chat/chat-service.ts";
import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation } from "../installation.ts";
import { newPayment } from "../new-payment.ts";
import { connect, type Parts } from "../parts.ts";

/** What one bot costs and how long a code takes, measured through real processes. */
export interface ChannelFigures {
  readonly channel: ChannelName;
  readonly prompts: number;
  /** From Create's commit to the provider's acceptance of the message with the code, milliseconds. */
  readonly sentP50: number;
  readonly sentP95: number;
  /** Of the bot, after the prompts, MiB. */
  readonly residentMiB: number;
  /** From a killed process to the next one that is attached, with whatever it keeps, milliseconds. */
  readonly readyAgainMs: number;
}

/** At most five prompts a minute reach a user; his LINK is one. */
const PROMPTS_A_USER = 4;
/** The chat has said what it had to say about its LINK. */
const AFTER_LINK_MS = 2_500;
const QUEUED = 1;
const SENT = 4;

/** Sends `prompts` codes over the channel, one after the other. */
export async function channelFigures(channel: ChannelName, folder: string, prompts: number): Promise<ChannelFigures> {
  const installation = await startInstallation({ folder, mode: "B", channels: [channel] });
  const first = await setUpDesk(installation, { mode: "B", userId: "first", chatId: "7000" });
  const parts = connect(installation);
  try {
    const took: number[] = [];
    let desk: Desk = first;
    for (let i = 0; i < prompts; i += 1) {
      if (i % PROMPTS_A_USER === 0) {
        desk = await somebody(installation, first, i);
        await setTimeout(AFTER_LINK_MS);
      }
      // A chat takes a message a second: what waits for that is no latency of ours.
      await setTimeout(1_100);
      took.push(await onePrompt(parts, desk.userId));
    }
    const residentMiB = residentOf(installation.bot(channel).process);
    const killed = performance.now();
    await installation.bot(channel).restart();
    const readyAgainMs = Math.round(performance.now() - killed);
    took.sort((a, b) => a - b);
    return { channel, prompts, sentP50: at(took, 0.5), sentP95: at(took, 0.95), residentMiB, readyAgainMs };
  } finally {
    parts.close();
    await first.stop();
    await installation.stop();
  }
}

function somebody(installation: Installation, first: Desk, i: number): Promise<Desk> {
  return anotherUser(installation, first, { userId: `user-${i}`, chatId: String(7001 + i) });
}

/** From the timeline of the delivery, by the store's clock. */
async function onePrompt(parts: Parts, userId: string): Promise<number> {
  const { transactionId } = await newPayment(parts, userId);
  let queued: number | undefined;
  let took: number | undefined;
  for await (const { event } of parts.codes.watchDelivery({ transactionId, cursor: "" })) {
    const ms = Number(event?.at?.seconds ?? 0n) * 1000 + (event?.at?.nanos ?? 0) / 1e6;
    if (event?.type === QUEUED) queued ??= ms;
    if (event?.type !== SENT || queued === undefined || took !== undefined) continue;
    took = ms - queued;
    await parts.transactions.cancel({ transactionId, reason: "measured" });
  }
  if (took === undefined) throw new Error(`the code of ${transactionId} was not sent`);
  return took;
}

function residentOf({ process }: Child): number {
  const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024);
}

function at(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}

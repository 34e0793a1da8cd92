// The overview: counts of the index, and bots as they are.
import {
  AdminServiceGetSummaryResponse,
  BotSummary,
  EndedCount,
  PlatformSummary,
  StateCount,
  TimeTaken,
} from "@countersign/proto/node/admin/v1/admin_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { Duration } from "@countersign/proto/google/protobuf/duration";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import type { Bot } from "../identity/tenant.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { readSummary, type Counted, type Summary } from "../read-model/read-summary.ts";
import { quantile } from "../read-model/tally.ts";
import type { HexId } from "../store/entity.ts";
import { tenantsLately } from "./every-owned.ts";
import { programsOf } from "./list-programs.ts";
import { tellBot } from "./list.ts";

/** `tenantId` undefined: all tenants together. */
export async function getSummary(
  given: CoreGiven,
  tenantId: HexId | undefined,
): Promise<AdminServiceGetSummaryResponse> {
  const now = given.store.now();
  const model = readModelOf(given);
  const summary = await model.use((file) => readSummary(file, tenantId, now));
  const { read, of } = model.progress;
  return AdminServiceGetSummaryResponse.create({
    at: timestampOf(now),
    // What follows is told of all shards, or not at all.
    index: { read: summary === undefined ? Math.min(read, of - 1) : of, of },
    ...(summary === undefined ? {} : told(summary)),
    bots: await botsOf(given, tenantId),
  });
}

function told(summary: Summary): Partial<AdminServiceGetSummaryResponse> {
  const { open, minutes, hours, confirm, sent, failed, deadLetters, pendingChanges } = summary;
  const platforms = [...new Set([...sent.keys(), ...failed.keys()])].toSorted();
  return {
    open: [...open]
      .filter(([, n]) => n > 0)
      .flatMap(([name, n]) => {
        const state = stateOf(name);
        return state === undefined ? [] : [StateCount.create({ state, count: BigInt(n) })];
      })
      .toSorted((one, other) => one.state - other.state),
    minutes: minutes.map(endedCount),
    hours: hours.map(endedCount),
    timeToConfirm: timeTaken(confirm),
    platforms: platforms.map((platform) =>
      PlatformSummary.create({
        platform,
        time: timeTaken(sent.get(platform) ?? new Map()),
        failed: BigInt(failed.get(platform) ?? 0),
      }),
    ),
    deadLetters: BigInt(deadLetters),
    pendingChanges: BigInt(pendingChanges),
  };
}

function stateOf(name: string): State | undefined {
  return Object.entries(State).find(([known]) => known === name)?.[1];
}

const MINUTE_MS = 60_000;

function endedCount({ start, ended }: Counted): EndedCount {
  const of = (outcome: string): bigint => BigInt(ended.get(outcome) ?? 0);
  return EndedCount.create({
    start: timestampOf(start * MINUTE_MS),
    ...{ confirmed: of("CONFIRMED"), rejected: of("REJECTED"), tampered: of("TAMPERED"), expired: of("EXPIRED") },
    ...{ locked: of("LOCKED"), undeliverable: of("UNDELIVERABLE"), cancelled: of("CANCELLED") },
  });
}

function timeTaken(times: ReadonlyMap<number, number>): TimeTaken {
  const count = [...times.values()].reduce((sum, n) => sum + n, 0);
  const [median, p95] = [quantile(times, 0.5), quantile(times, 0.95)];
  if (median === undefined || p95 === undefined) return TimeTaken.create({ count: 0n });
  return TimeTaken.create({ count: BigInt(count), median: durationOf(median), p95: durationOf(p95) });
}

function durationOf(ms: number): Duration {
  return Duration.create({ seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 });
}

async function botsOf(given: CoreGiven, tenantId: HexId | undefined): Promise<BotSummary> {
  const tenants = tenantId === undefined ? (await tenantsLately(given)).map((one) => one.tenantId) : [tenantId];
  const bots: Bot[] = [];
  for (const tenant of tenants) bots.push(...(await programsOf(given, "bot", tenant)));
  const messages = await Promise.all(bots.filter(({ disabled }) => !disabled).map(async (bot) => tellBot(given, bot)));
  return BotSummary.create({
    total: messages.length,
    attached: messages.filter(({ attached }) => attached).length,
    paused: messages.filter(({ paused }) => paused).length,
    waiting: messages.reduce((sum, { waiting }) => sum + waiting, 0),
  });
}

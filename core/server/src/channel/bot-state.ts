import { AnswerType, type Answer } from "@countersign/proto/node/channel/v1/channel_service";
import type { CoreGiven } from "../given.ts";
import { shardOfKey, type UnixMs } from "../store/entity.ts";
import { commitOnce } from "../transaction/commit.ts";
import { count, type BotCounts } from "./bot-counts.ts";
import { healthAfter, newerHealth, type BotHealth, type Seen } from "./bot-health.ts";
import { leaseKey, recount, type BotName, type CountAgain } from "./lease.ts";
import { countStranger } from "./question-rate.ts";
import { countVeto } from "./veto-rate.ts";

/** An answer before it is addressed to its event. */
export type AnswerDraft = Partial<Omit<Answer, "eventId">> & Pick<Answer, "type">;

/** What waits for the next commit of the lease. Its loss makes the limits tighter, or counts what was refused anyway. */
interface Waiting {
  readonly prompts: number;
  readonly vetoes: number;
}

const NOTHING_WAITS: Waiting = { prompts: 0, vetoes: 0 };

/** What a core remembers of a bot over its streams. Its limits are counted in the lease, where every core sees them. */
export class BotState {
  readonly name: BotName;
  readonly #given: CoreGiven;
  #waiting: Waiting = NOTHING_WAITS;
  /** Of this core's streams; what the lease has is as old as the last beat. */
  #health: BotHealth | undefined;
  readonly #answers = new Map<string, Promise<AnswerDraft>>();

  constructor(given: CoreGiven, name: BotName) {
    this.#given = given;
    this.name = name;
  }

  get actor(): string {
    return `bot:${this.name.botId}`;
  }

  prompted(): void {
    this.#wait({ prompts: 1, vetoes: 0 });
  }

  reported(seen: Seen): void {
    this.#health = healthAfter(this.#health, seen, this.#given.store.now());
  }

  /** Lets what waits ride on a commit of the lease that happens anyway. */
  async withCounts(commit: (again: CountAgain) => Promise<void>): Promise<void> {
    const taken = this.#waiting;
    this.#waiting = NOTHING_WAITS;
    try {
      await commit((counts, now) => withHealth(counted(counts, taken, now), this.#health));
    } catch (error) {
      this.#wait(taken);
      throw error;
    }
  }

  /** Counts a question about somebody who has no chat; whether it may be answered with more than no. */
  async admitsStranger(): Promise<boolean> {
    let admitted = false;
    await recount(this.#given, this.name, strangerCounted, (counts, now) => {
      const next = countStranger(counts, now);
      admitted = next !== undefined;
      return next ?? counts;
    });
    return admitted;
  }

  /**
   * Counts a veto, durably while it is normal; whether it may also freeze the user. Raises the alarm when there are too
   * many.
   */
  async countVeto(): Promise<boolean> {
    const { botId } = this.name;
    let said = { normal: false, alarm: false };
    const event = (): string => (said.alarm ? "bot.veto-alarm" : "bot.veto-counted");
    await recount(this.#given, this.name, event, (held, now) => {
      const next = countVeto(counted(held, this.#waiting, now), now);
      said = next;
      return next.normal ? countVeto(held, now).counts : alarmed(held, next.counts);
    });
    if (said.normal) return true;
    this.#wait({ prompts: 0, vetoes: 1 });
    if (said.alarm) {
      const text = "ALARM: a bot vetoes more than is normal; its vetoes freeze nobody any more";
      this.#given.log.error({ botId, alarm: true }, text);
    }
    return false;
  }

  /** The same event twice has one effect and one answer. After a restart the effects themselves are idempotent. */
  async once(event: string, act: () => Promise<AnswerDraft>): Promise<AnswerDraft> {
    const known = this.#answers.get(event);
    if (known !== undefined) return known;
    const answer = act();
    this.#answers.set(event, answer);
    for (const old of this.#answers.keys()) {
      if (this.#answers.size <= MOST_ANSWERS) break;
      this.#answers.delete(old);
    }
    // What failed may be asked again.
    answer.catch(() => this.#answers.delete(event));
    return answer;
  }

  #wait({ prompts, vetoes }: Waiting): void {
    this.#waiting = { prompts: this.#waiting.prompts + prompts, vetoes: this.#waiting.vetoes + vetoes };
  }
}

function strangerCounted(): string {
  return "bot.stranger-counted";
}

function counted(counts: BotCounts | undefined, { prompts, vetoes }: Waiting, now: UnixMs): BotCounts | undefined {
  return prompts + vetoes === 0 ? counts : count(counts, { prompts, vetoes }, now);
}

function withHealth(counts: BotCounts | undefined, known: BotHealth | undefined): BotCounts | undefined {
  const health = newerHealth(counts?.health, known);
  return health === undefined ? counts : { minutes: [], ...counts, health };
}

/** What is refused waits for the next commit of the lease, so that a flood costs none; that the alarm was raised does not. */
function alarmed(held: BotCounts | undefined, next: BotCounts): BotCounts | undefined {
  if (next.alarmedAt === held?.alarmedAt) return held;
  return { minutes: [], ...held, ...(next.alarmedAt === undefined ? {} : { alarmedAt: next.alarmedAt }) };
}

const MOST_ANSWERS = 4096;

/** Something about a bot that changes nothing else. */
export async function auditOfBot(
  given: CoreGiven,
  { tenantId, botId }: BotName,
  event: string,
  detail: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  const shard = shardOfKey(leaseKey({ tenantId, botId }));
  const { epoch } = await given.store.load(shard);
  const audit = [{ event, tenant: tenantId, actor: `bot:${botId}`, subject: `bot:${botId}`, detail }] as const;
  await commitOnce(given, shard, { epoch, writes: [], audit });
}

export const OK: AnswerDraft = { type: AnswerType.OK };
export const NOTHING: AnswerDraft = { type: AnswerType.NOTHING };
export const NOT_LINKED: AnswerDraft = { type: AnswerType.NOT_LINKED };
export const TOO_LATE: AnswerDraft = { type: AnswerType.TOO_LATE };
export const RATE_LIMITED: AnswerDraft = { type: AnswerType.RATE_LIMITED };

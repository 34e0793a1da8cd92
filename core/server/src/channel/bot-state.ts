import { AnswerType, type Answer } from "@countersign/proto/node/channel/v1/channel_service";
import type { CoreGiven } from "../given.ts";
import { shardOfKey } from "../store/entity.ts";
import { commitOnce } from "../transaction/commit.ts";
import { leaseKey, type BotName } from "./lease.ts";
import { QuestionRate } from "./question-rate.ts";
import { VetoRate } from "./veto-rate.ts";

/** An answer before it is addressed to its event. */
export type AnswerDraft = Partial<Omit<Answer, "eventId">> & Pick<Answer, "type">;

/** What a core remembers of a bot over its streams. */
export class BotState {
  readonly name: BotName;
  readonly #given: CoreGiven;
  readonly #rate = new VetoRate();
  readonly #questions = new QuestionRate();
  readonly #answers = new Map<string, Promise<AnswerDraft>>();

  constructor(given: CoreGiven, name: BotName) {
    this.#given = given;
    this.name = name;
  }

  get actor(): string {
    return `bot:${this.name.botId}`;
  }

  prompted(): void {
    this.#rate.prompted(this.#given.store.now());
  }

  /** Counts a question about somebody who has no chat; whether it may be answered with more than no. */
  admitsStranger(): boolean {
    return this.#questions.admits(this.#given.store.now());
  }

  /** Counts a veto; whether it may also freeze the user. Raises the alarm when there are too many. */
  async countVeto(): Promise<boolean> {
    const { normal, alarm } = this.#rate.vetoed(this.#given.store.now());
    if (alarm) await this.#alarm();
    return normal;
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

  async #alarm(): Promise<void> {
    const { tenantId, botId } = this.name;
    this.#given.log.error(
      { botId, alarm: true },
      "ALARM: a bot vetoes more than is normal; its vetoes freeze nobody any more",
    );
    await auditOfBot(this.#given, this.name, "bot.veto-alarm", { tenant: tenantId });
  }
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

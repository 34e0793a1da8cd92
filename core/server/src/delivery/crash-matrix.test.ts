// The core dies before or after each of its writes, and at each message before or after the provider took it, while it
// delivers a prompt, a resend, a fallback or an outcome over each platform. A standby with the next fence goes on, at once
// or only after notAfter.
import { describe, expect, test } from "@jest/globals";
import { Phase, type Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import type { Platform } from "../identity/tenant.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { codeOf } from "./deliver-message.ts";
import { CoreRun, type Chat } from "./testing/core-run.ts";
import { dyingStore, type Moment } from "./testing/dying-store.ts";
import { aLink, aTransaction, idOf } from "./testing/entities.ts";
import { ProviderPhone } from "./testing/provider-phone.ts";
import { good, silent, turn, World, type Answer, type FakeBot } from "./testing/world.ts";
import { CODE_MARGIN_MS } from "./wish.ts";

const PLATFORMS = ["telegram", "matrix", "mail", "sms"] as const satisfies readonly Platform[];
const SCENARIOS = [
  "a prompt",
  "a resend",
  "a fallback after silence",
  "a fallback after a refusal",
  "an outcome",
] as const;
type Scenario = (typeof SCENARIOS)[number];
const LATE_MS = 125_000;
const refuse: Answer = (message, bot) => bot.failed(message, "permanent");

/** Where a life ends: at its n-th write, or at the n-th message over the platform in question. */
interface Death {
  readonly at: "write" | "message";
  readonly n: number;
  readonly moment: Moment;
}
const NEVER: Death = { at: "write", n: Infinity, moment: "before" };

class Story {
  readonly world: World = new World();
  readonly phone: ProviderPhone;
  readonly #chats: readonly Chat[];
  #transaction: Transaction = aTransaction();
  #fence = 0;
  /** Writes and messages of the life in question. */
  writes = 0;
  messages = 0;

  constructor(scenario: Scenario, platform: Platform) {
    const link = aLink("b", { platform, botId: idOf("bot second") });
    this.phone = new ProviderPhone(platform, () => this.world.store.now());
    const chat = { link, phone: this.phone, answer: good };
    const first = aLink("a", { platform: "sandbox" });
    const mute = new ProviderPhone("sandbox", () => this.world.store.now());
    const isSilent = scenario === "a fallback after silence";
    this.#chats = scenario.startsWith("a fallback")
      ? [{ link: first, phone: mute, answer: isSilent ? silent : refuse }, chat]
      : [chat];
  }

  get code(): string {
    const { given } = this.world;
    const of = { codeKey: given.secrets.code, serverId: given.serverId };
    return codeOf(of, this.#transaction, this.#transaction.issue);
  }

  async begin(scenario: Scenario): Promise<void> {
    await this.world.people(this.#chats.map(({ link }) => link));
    await this.world.take(this.#transaction, [{ type: "deliver-code", why: "created" }]);
    if (scenario !== "a resend" && scenario !== "an outcome") return;
    await this.live(0, NEVER);
    const at = this.world.store.now();
    const held = { ...this.#transaction, version: 2 };
    if (scenario === "a resend") {
      this.#transaction = { ...held, issue: { epoch: 1, n: 2 }, lastIssueAt: at };
      await this.world.take(this.#transaction, [{ type: "deliver-code", why: "resent" }]);
    } else {
      const ended = { state: "CANCELLED", reason: "CANCELLED", detail: "", at } as const;
      this.#transaction = { ...held, ...ended, rejectReason: undefined, rejectedOnKey: false };
      await this.world.take(this.#transaction, [{ type: "notify", notice: { type: "CANCELLED", at }, final: true }]);
    }
  }

  /** One core, until it dies or time is up. Whether it died. */
  async live(ms: number, death: Death): Promise<boolean> {
    const dying = dyingStore(this.world.store, death.at === "write" ? death.n : Infinity, death.moment);
    let [messages, killed] = [0, false];
    const answer = async (message: Deliver, bot: FakeBot): Promise<void> => {
      messages += 1;
      if (death.at === "write" || messages < death.n) return bot.sent(message);
      if (messages === death.n && death.moment === "after") bot.phone.accept(message);
      killed = true;
      for (const each of core.bots) each.engine.stop();
    };
    const chats = this.#chats.map((chat) => (chat.answer === good ? { ...chat, answer } : chat));
    const core = new CoreRun(this.world, dying.store, ++this.#fence, chats);
    const isOver = (): boolean => dying.died() || killed;
    await core.pass(ms, 500, isOver);
    core.stop();
    await turn();
    [this.writes, this.messages] = [dying.commits(), messages];
    return isOver();
  }

  async states(): Promise<readonly (string | undefined)[]> {
    const found = this.#chats.map(({ link }) => this.world.delivery(this.#transaction.txId, link));
    return (await Promise.all(found)).map((delivery) => delivery?.state);
  }
}

/** The points of a life that nobody disturbs. */
async function pointsOf(scenario: Scenario, platform: Platform): Promise<Death[]> {
  const story = new Story(scenario, platform);
  await story.begin(scenario);
  expect(await story.live(40_000, NEVER)).toBe(false);
  expectShown(story, scenario, platform);
  const { writes, messages } = story;
  const points = (["before", "after"] as const).flatMap((moment) => [
    ...Array.from({ length: writes }, (_of, at) => ({ at: "write", n: at + 1, moment }) as const),
    ...Array.from({ length: messages }, (_of, at) => ({ at: "message", n: at + 1, moment }) as const),
  ]);
  return points;
}

function expectShown({ phone, code }: Story, scenario: Scenario, platform: Platform, least = 1): void {
  const once = platform === "telegram" || platform === "matrix";
  const outcomes = new Set(
    phone.sights.filter(({ phase }) => phase === Phase.OUTCOME).map(({ messageId }) => messageId),
  );
  const shown = scenario === "an outcome" ? outcomes.size : phone.messagesWith(code);
  expect(shown).toBeGreaterThanOrEqual(least);
  expect(shown).toBeLessThanOrEqual(once ? 1 : 2);
  if (!once) return;
  expect(phone.withCode()).toHaveLength(scenario === "an outcome" ? 0 : 1);
}

async function goesOn(scenario: Scenario, platform: Platform, death: Death): Promise<void> {
  const story = new Story(scenario, platform);
  await story.begin(scenario);
  expect(await story.live(40_000, death)).toBe(true);
  await story.live(45_000, NEVER);
  expectShown(story, scenario, platform);
  expect(await story.states()).not.toContain(scenario === "a fallback after silence" ? "QUEUED" : "SENDING");
}

/**
 * The one that takes over dies too, at each of its writes. Over mail and SMS both lives may have died with the message in
 * their hands: then nobody knows, and no third one is sent.
 */
async function diesAgain(scenario: Scenario, platform: Platform, death: Death): Promise<void> {
  const repeatable = platform === "telegram" || platform === "matrix";
  for (const moment of ["before", "after"] as const) {
    for (let [n, died] = [1, true]; died; n += 1) {
      const story = new Story(scenario, platform);
      await story.begin(scenario);
      await story.live(40_000, death);
      died = await story.live(40_000, { at: "write", n, moment });
      await story.live(45_000, NEVER);
      const nobodyKnows = !repeatable && (await story.states()).join() === "UNKNOWN";
      expectShown(story, scenario, platform, nobodyKnows ? 0 : 1);
      deaths += 1;
    }
  }
}

async function comesTooLate(scenario: Scenario, platform: Platform, death: Death): Promise<void> {
  const story = new Story(scenario, platform);
  await story.begin(scenario);
  expect(await story.live(40_000, death)).toBe(true);
  story.world.clock.advance(LATE_MS);
  await story.live(40_000, NEVER);
  const last = aTransaction().expiresAt - CODE_MARGIN_MS;
  expect(story.phone.sights.filter(({ code, at }) => code !== "" && at > last)).toEqual([]);
  expect(await story.states()).not.toContain("SENDING");
}

let deaths = 0;
describe.each(PLATFORMS)("claim 03: %s", (platform) => {
  test.each(SCENARIOS)(
    "%s, killed anywhere",
    async (scenario) => {
      const points = await pointsOf(scenario, platform);
      expect(points.length).toBeGreaterThanOrEqual(6);
      for (const point of points) {
        await goesOn(scenario, platform, point);
        await comesTooLate(scenario, platform, point);
        if (scenario === "a prompt") await diesAgain(scenario, platform, point);
      }
      deaths += 2 * points.length;
    },
    400_000,
  );
});

test("the matrix is no smaller than it was: 500 deaths", () => {
  expect(deaths).toBeGreaterThanOrEqual(500);
});

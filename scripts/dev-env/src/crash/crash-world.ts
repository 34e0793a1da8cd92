import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { readLedger, startInstallation, type Installation } from "../installation.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";
import { patientEyes } from "../person/senses.ts";
import { effectsOf, StoreOnDisk } from "./store-on-disk.ts";
import { CrashingCore } from "./crashing-core.ts";
import type { Effect } from "./effect.ts";
import { enrolsKey, errs, joins, links, pays, vetoes, withdraws, type Flow } from "./flow.ts";
import { deathsOf, type FlowName, type Point } from "./point-table.ts";
import { lost, messagesWithCode, takenBack, tooOften } from "./survival.ts";

/** What is left after the core died in somebody's flow and was started again. */
export interface Survival {
  readonly deaths: number;
  readonly exit: number;
  /** Of the client's last line. */
  readonly state: unknown;
  /** Lines that the ledger gained for transactions. */
  readonly booked: number;
  /** Messages that showed a code at any time. */
  readonly withCode: number;
  /** Whether the chat shows a code now, when all is over. */
  readonly showsCode: boolean;
  /** Tries that were counted. */
  readonly tries: number;
  /** Effects that happened twice and must not. */
  readonly twice: readonly Effect[];
  /** What was acknowledged and is not there, and what the client was told and is not so. */
  readonly lost: readonly string[];
}

const FLOWS: Readonly<Record<FlowName, Flow>> = { pays, errs, vetoes, withdraws, enrols: enrolsKey, links, joins };
/** What has to be done with a user before the flow. */
const BEFORE: Readonly<Record<FlowName, "linked" | readonly Flow[]>> = {
  joins: [],
  enrols: [joins],
  links: [joins, enrolsKey],
  pays: "linked",
  errs: "linked",
  vetoes: "linked",
  withdraws: "linked",
};
/** The bot's word that a code is out. */
const SENT: Effect = "delivery.sent/full";
/** At most five prompts a minute reach a user; his LINK is one. */
const FLOWS_A_USER = 4;

/** An installation with a mortal core, and users who carry on. */
export class CrashWorld {
  readonly installation: Installation;
  readonly core: CrashingCore;
  readonly #desk: Desk;
  readonly #store: StoreOnDisk;
  readonly #known = new Map<string, { readonly desk: Desk; flows: number }>();
  #users = 0;

  private constructor(installation: Installation, core: CrashingCore, desk: Desk) {
    this.installation = installation;
    this.core = core;
    this.#desk = desk;
    this.#store = new StoreOnDisk(installation);
  }

  static async start(folder: string): Promise<CrashWorld> {
    const installation = await startInstallation({ folder, mode: "B" });
    const desk = await setUpDesk(installation, { mode: "B", userId: "first", chatId: "7000" });
    const world = new CrashWorld(installation, await CrashingCore.inPlaceOf(installation), desk);
    await world.#untilQuiet(desk, 0, "");
    return world;
  }

  async stop(): Promise<void> {
    await Promise.all([this.core.stop(), this.#desk.stop()]);
    await this.installation.stop();
  }

  /** Runs a flow uncrashed and tells its effects. */
  async record(flow: FlowName): Promise<Effect[]> {
    const his = await this.#somebodyFor(flow);
    const mark = this.#store.lastNumber();
    const work = (desk: Desk) => FLOWS[flow](this.installation, desk);
    const { output } = await (flow === "pays" ? this.#patiently(his, mark, work) : work(his));
    await this.#untilQuiet(his, mark, output);
    return effectsOf(this.#store.trail(mark));
  }

  /** Runs a flow in which the core dies at the point. */
  async survive({ flow, at }: Point): Promise<Survival> {
    const his = await this.#somebodyFor(flow);
    const mark = this.#store.lastNumber();
    const { deaths } = this.core;
    const booked = this.#booked();
    const acknowledged = this.core.acknowledged().length;
    const before = await this.#withCode(his);
    await this.core.arm(at);
    const carryOn = (desk: Desk) => FLOWS[flow](this.installation, desk);
    const ended = await (at[0].effect === SENT ? this.#patiently(his, mark, carryOn) : carryOn(his));
    await this.core.until(`${deathsOf(at)}\n${ended.output}`, () => this.core.deaths >= deaths + at.length);
    const showsCode = await this.#untilQuiet(his, mark, ended.output);
    const trail = this.#store.trail(mark);
    return {
      deaths: this.core.deaths - deaths,
      exit: ended.exitCode,
      state: ended.told.at(-1)?.["state"],
      booked: this.#booked() - booked,
      withCode: [...(await this.#withCode(his))].filter((id) => !before.has(id)).length,
      showsCode,
      tries: effectsOf(trail).filter((effect) => effect === "statement.counted").length,
      twice: tooOften(trail),
      // What an earlier flow left behind may be acknowledged in this one: it is looked for in all there is.
      lost: [
        ...lost(this.core.acknowledged().slice(acknowledged), this.#store.trail()),
        ...takenBack(ended.told, trail),
      ],
    };
  }

  /** Ids of change sets that the store acknowledged in any of the core's lives and does not hold. */
  acknowledgedAndLost(): string[] {
    return lost(this.core.acknowledged(), this.#store.trail());
  }

  /** A user who is faster than the bot's word that his code is out would leave that out: he waits for it, or for a death. */
  async #patiently<T>(his: Desk, mark: number, work: (desk: Desk) => Promise<T>): Promise<T> {
    const { deaths } = this.core;
    const isTold = (): boolean => this.core.deaths > deaths || effectsOf(this.#store.trail(mark)).includes(SENT);
    const eyes = await patientEyes(his.phoneUrl, isTold);
    try {
      return await work({ ...his, phoneUrl: eyes.url });
    } finally {
      eyes.close();
    }
  }

  /** Users go on for a few flows of a kind; who joins or enrols is a new one each time, who links takes a new chat. */
  async #somebodyFor(flow: FlowName): Promise<Desk> {
    const before = BEFORE[flow];
    const kind = before === "linked" ? "linked" : flow;
    const known = kind === "linked" || kind === "links" ? this.#known.get(kind) : undefined;
    this.#users += 1;
    const sitter = { userId: `user-${this.#users}`, chatId: String(7000 + this.#users) };
    const phoneUrl = this.installation.phoneOf(sitter.chatId);
    if (known !== undefined && known.flows < FLOWS_A_USER) {
      known.flows += 1;
      return kind === "links" ? { ...known.desk, phoneUrl } : known.desk;
    }
    const desk =
      before === "linked"
        ? await anotherUser(this.installation, this.#desk, sitter)
        : { ...this.#desk, userId: sitter.userId, phoneUrl };
    for (const step of before === "linked" ? [] : before) await step(this.installation, desk);
    this.#known.set(kind, { desk, flows: 1 });
    return desk;
  }

  async #withCode({ phoneUrl }: Desk): Promise<Set<string>> {
    const chatId = phoneUrl.slice(phoneUrl.lastIndexOf("/") + 1);
    return messagesWithCode(await this.installation.bot().service.everShown(chatId));
  }

  #booked(): number {
    return readLedger(this.installation).filter(({ type }) => type === "transaction").length;
  }

  /** Waits until nothing of the flow is left for the next one. Whether the chat shows a code then. */
  async #untilQuiet(his: Desk, mark: number, output: string): Promise<boolean> {
    await this.core.until(`the end of all that ${his.userId} began\n${output}`, () => this.#store.isQuiet(mark));
    const { messages } = await new PhoneInHand(his.phoneUrl).look(undefined, AbortSignal.timeout(60_000));
    return messages.some((message) => readMessage(message) !== undefined);
  }
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ChannelName } from "../chat/chat-service.ts";
import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation, type InstallationOptions } from "../installation.ts";
import { connect, type Parts } from "../parts.ts";
import { filesBelow, findSecrets } from "../scenarios/leavings.ts";
import { Customer } from "./customer.ts";
import { startValve, type Position, type Valve } from "./valve.ts";

/**
 * More than the shortest that the policy lets a channel have: a busy machine is no failing provider. Less than the eight
 * seconds after which a bot gives a call up: the next channel is asked while the first one still waits for its answer.
 */
const CHANNEL_TIMEOUT_S = 7;
const FIRST_CHAT = 8000;

/** What is asked of an installation whose providers fail. */
export interface FaultWorldOptions extends Pick<InstallationOptions, "folder" | "policy"> {
  /** In the order in which users link them. */
  readonly channels: readonly ChannelName[];
}

/** What the SMSC tells of a message. */
interface Submitted {
  readonly id: string;
  readonly submitted: { readonly to: string };
  readonly state: string;
}

/** An installation of several channels whose lines and providers can be broken, with users who have linked them all. */
export class FaultWorld {
  readonly installation: Installation;
  readonly parts: Parts;
  readonly #options: FaultWorldOptions;
  readonly #valves: ReadonlyMap<ChannelName, Valve>;
  readonly #desk: Desk;
  #users = 0;

  private constructor(
    options: FaultWorldOptions,
    installation: Installation,
    valves: ReadonlyMap<ChannelName, Valve>,
    desk: Desk,
  ) {
    this.#options = options;
    this.installation = installation;
    this.#valves = valves;
    this.#desk = desk;
    this.parts = connect(installation, desk.daemonSocket);
  }

  static async start(options: FaultWorldOptions): Promise<FaultWorld> {
    const { channels } = options;
    const folder = join(options.folder, "world");
    mkdirSync(folder);
    const valves = new Map<ChannelName, Valve>();
    const between = async (port: number, channel: ChannelName): Promise<number> => {
      const valve = await startValve(port);
      valves.set(channel, valve);
      return valve.port;
    };
    const policy = { channelTimeoutS: CHANNEL_TIMEOUT_S, ...options.policy };
    const coreArgs = ["--log-level", "debug"];
    const installation = await startInstallation({ folder, mode: "B", channels, policy, between, coreArgs });
    try {
      const desk = await setUpDesk(installation, { mode: "B", userId: "first", chatId: String(FIRST_CHAT) });
      return new FaultWorld(options, installation, valves, desk);
    } catch (error) {
      await installation.stop();
      throw error;
    }
  }

  /** A new user with the shared key, who has linked every channel of the world, or these. */
  async user(channels: readonly ChannelName[] = this.#options.channels): Promise<Customer> {
    this.#users += 1;
    const chatId = String(FIRST_CHAT + this.#users);
    const sitter = { userId: `user-${chatId}`, chatId, channels };
    const desk = await anotherUser(this.installation, this.#desk, sitter);
    const customer = new Customer(this, desk, chatId, channels);
    await customer.linked();
    return customer.forget();
  }

  /** Turns the line of a channel. */
  async turn(channel: ChannelName, to: Position): Promise<void> {
    const valve = this.#valves.get(channel);
    if (valve === undefined) throw new Error(`no line of ${channel} here`);
    await valve.turn(to);
  }

  /** What goes wrong at the provider from now on, as its fake words it. */
  async fault(channel: ChannelName, ...faults: readonly object[]): Promise<void> {
    for (const fault of faults) await this.tell(channel, "faults", fault);
  }

  /** Nothing goes wrong any more at the provider. */
  async mend(channel: ChannelName): Promise<void> {
    await this.ask(channel, "faults", { method: "DELETE" });
  }

  /** Anything else that the fake of a provider is told, by its path. */
  async tell(channel: ChannelName, path: string, body: object = {}): Promise<void> {
    await this.ask(channel, path, { method: "POST", body: JSON.stringify(body) });
  }

  /** Fakes serve people and tests at one address. */
  async ask(channel: ChannelName, path: string, request: RequestInit = {}): Promise<unknown> {
    const { origin } = new URL(this.installation.phoneOf(String(FIRST_CHAT), channel));
    const answer = await fetch(`${origin}/${path}`, { ...request, headers: { "content-type": "application/json" } });
    if (!answer.ok) throw new Error(`${path} of ${channel}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Ids of the messages that the SMSC took for a number. */
  async heldSms(number: string): Promise<string[]> {
    const all = (await this.ask("sms", "submitted")) as readonly Submitted[];
    return all.filter(({ submitted, state }) => submitted.to === number && state === "held").map(({ id }) => id);
  }

  /** Process ids of the bots that live, in order of the channels: the same before and after means that nobody died. */
  pids(): (number | undefined)[] {
    return this.#options.channels.map((channel) => {
      const { process } = this.installation.bot(channel).process;
      return process.exitCode === null && process.signalCode === null ? process.pid : undefined;
    });
  }

  /** Throws unless these are the bots that live: none has died, also if something started it again. */
  mustLive(before: readonly (number | undefined)[]): void {
    const now = this.pids();
    if (now.join() !== before.join()) throw new Error(`a bot died: ${before.join()} before, ${now.join()} now`);
  }

  /** Where these codes lie though they must not: files, stores, logs of core and bots. */
  codesIn(codes: Iterable<string>): string[] {
    const secrets = new Map([...codes].map((code, i) => [`code ${i}`, Buffer.from(code)]));
    if (secrets.size === 0) throw new Error("no code was shown: there is nothing to look for");
    const places = filesBelow(this.installation.folder, ["tokens", "secrets"]);
    places.set("log of the core", Buffer.from(this.installation.coreOutput()));
    for (const channel of this.#options.channels)
      places.set(`log of ${channel}`, Buffer.from(this.installation.bot(channel).output()));
    return findSecrets(secrets, places);
  }

  async stop(): Promise<void> {
    this.parts.close();
    await this.#desk.stop();
    await this.installation.stop();
    for (const valve of this.#valves.values()) await valve.stop();
  }
}

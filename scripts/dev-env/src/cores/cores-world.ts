// Several cores on one Redis, none of them special: one bot, one bank where it is wanted, users with an emulated key.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, runOnce, startChild, type Child } from "@countersign/testing/child";
import { Bot } from "../chat/bot.ts";
import type { Between } from "../chat/chat-service.ts";
import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { Customer } from "../faults/customer.ts";
import type { Installation } from "../installation.ts";
import { connect, type Parts } from "../parts.ts";
import { openTrace } from "../trace.ts";
import { startRedis, type Redis } from "./redis.ts";

const MAIN = "core/server/src/main.ts";
const ISSUER = "Acme Bank";
const CHANNEL = "telegram";
const FIRST_CHAT = 9000;
const ATTACHED = 'countersign_streams_open{method="ChannelService/Attach"}';

export interface CoresWorldOptions {
  /** An empty folder of the caller's own. */
  readonly folder: string;
  /** How many cores; 3 by default. */
  readonly cores?: number;
  /** Numbers of the cores in the order in which the bot tries them; from 0 by default. */
  readonly botTries?: readonly number[];
  /** Whether the example bank executes what is confirmed. */
  readonly bank?: boolean;
  readonly between?: Between;
}

/** The cores are numbered from 0; a core that was started again keeps number and address. */
export class CoresWorld {
  readonly #folder: string;
  readonly #redis: Redis;
  readonly #cores: Child[];
  readonly #addresses: readonly string[];
  readonly #parts = new Map<string, Parts>();
  #earlier = "";
  #bot: Bot | undefined;
  #bank: Child | undefined;
  readonly #desks: Desk[] = [];
  #users = 0;

  private constructor(folder: string, redis: Redis, cores: Child[]) {
    this.#folder = folder;
    this.#redis = redis;
    this.#cores = cores;
    this.#addresses = cores.map(({ ready }) => String(ready["address"]));
  }

  static async start(options: CoresWorldOptions): Promise<CoresWorld> {
    const { folder, cores = 3 } = options;
    const redis = await startRedis(join(folder, "redis"));
    // Reserved: who ended comes back on the same one.
    const listen = await Promise.all(Array.from({ length: cores }, async () => `127.0.0.1:${await freePort()}`));
    await bootstrap(folder, redis.port);
    const starting = await Promise.allSettled(listen.map((address) => serve(folder, redis.port, address)));
    const started = starting.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const failed = starting.find((one) => one.status === "rejected");
    if (failed !== undefined) {
      await Promise.all(started.map((core) => core.stop("SIGKILL")));
      await redis.stop();
      throw failed.reason;
    }
    const world = new CoresWorld(folder, redis, started);
    try {
      const { botTries = listen.map((_, i) => i), between } = options;
      const coreAddress = world.addressesOf(botTries);
      world.#bot = await Bot.start(CHANNEL, { folder, coreAddress, ...(between === undefined ? {} : { between }) });
      if (options.bank === true) world.#bank = await startBank(folder, world.addressesOf());
      await world.newDesk();
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  /** Addresses of these cores, or of all, as programs are given them. */
  addressesOf(cores: readonly number[] = this.#cores.map((_, i) => i)): string {
    return cores.map((i) => this.#addresses[i]).join(",");
  }

  /** The installation as whoever knows these cores, or all, sees it. */
  installation(...cores: readonly number[]): Installation {
    const { ready } = this.core(0);
    const bot = (): Bot => {
      if (this.#bot === undefined) throw new Error("the bot is not there yet");
      return this.#bot;
    };
    return {
      ...{ folder: this.#folder, issuer: ISSUER, platform: CHANNEL, trace: openTrace(undefined) },
      coreAddress: this.addressesOf(cores.length === 0 ? undefined : cores),
      serverId: String(ready["serverId"]),
      corePublicKey: String(ready["corePublicKey"]),
      submitTokenFile: join(this.#folder, "tokens/desk.token"),
      executeTokenFile: join(this.#folder, "tokens/bank.token"),
      phoneOf: (chatId) => bot().phoneOf(chatId),
      bot,
      ledgerFile: ledgerOf(this.#folder),
      core: () => this.core(cores[0] ?? 0),
      coreOutput: () => this.output(),
      children: [],
      restartCore: () => Promise.reject(new Error("which one? restart(core)")),
      stop: () => this.stop(),
    };
  }

  core(i: number): Child {
    const core = this.#cores[i];
    if (core === undefined) throw new Error(`no core ${i} here`);
    return core;
  }

  /** What all cores have written so far, in their earlier lives too. */
  output(): string {
    return this.#earlier + this.#cores.map((core) => core.output()).join("");
  }

  /** Connected to one core, or to whichever of several answers; the daemon is the desk's. */
  parts(...cores: readonly number[]): Parts {
    const installation = this.installation(...cores);
    const known = this.#parts.get(installation.coreAddress);
    if (known !== undefined) return known;
    const made = connect(installation, this.#desks[0]?.daemonSocket);
    this.#parts.set(installation.coreAddress, made);
    return made;
  }

  /** One more PC with a key of its own, and its first user. */
  async newDesk(): Promise<Desk> {
    const desk = await setUpDesk(this.installation(), { mode: "B", ...this.#newcomer() });
    this.#desks.push(desk);
    return desk;
  }

  /** A new user with a credential on the key of a desk. */
  async sitter(desk: Desk): Promise<Desk> {
    return anotherUser(this.installation(), desk, this.#newcomer());
  }

  /** A new user with the first desk's key and a chat of his own, who deals with these cores. */
  async user(...cores: readonly number[]): Promise<Customer> {
    const [shared] = this.#desks;
    if (shared === undefined) throw new Error("the desk is not there yet");
    const sitter = this.#newcomer();
    const desk = await anotherUser(this.installation(), shared, sitter);
    const customer = this.at(desk, sitter.chatId, ...cores);
    await customer.linked();
    return customer.forget();
  }

  #newcomer(): { readonly userId: string; readonly chatId: string } {
    this.#users += 1;
    const chatId = String(FIRST_CHAT + this.#users);
    return { userId: `user-${chatId}`, chatId };
  }

  /** The user of a desk, dealing with these cores from now on. */
  at(desk: Desk, chatId: string, ...cores: readonly number[]): Customer {
    return new Customer({ installation: this.installation(...cores), parts: this.parts(...cores) }, desk, chatId, [
      CHANNEL,
    ]);
  }

  /** One figure of a core's /metrics; 0 where it has none. */
  async figure(core: number, series: string): Promise<number> {
    const page = await fetch(`http://${String(this.core(core).ready["adminAddress"])}/metrics`);
    const line = (await page.text()).split("\n").find((one) => one.startsWith(`${series} `));
    return line === undefined ? 0 : Number(line.slice(series.length + 1));
  }

  /** Which of these cores, or of all, the bot is attached to; waits until it is to one. */
  async coreOfBot(among: readonly number[] = this.#cores.map((_, i) => i)): Promise<number> {
    for (;;) {
      for (const core of among) if ((await this.figure(core, ATTACHED)) > 0) return core;
      await sleep(50);
    }
  }

  /** Waits until no bot is attached to the core any more. */
  async coreWithoutBot(core: number): Promise<void> {
    while ((await this.figure(core, ATTACHED)) > 0) await sleep(50);
  }

  /** Ends a core by a signal; resolves with how it ended. */
  async end(core: number, signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    const ended = await this.core(core).stop(signal);
    this.#earlier += this.core(core).output();
    return ended;
  }

  /** Starts a core that has ended where it was. */
  async restart(core: number): Promise<void> {
    this.#cores[core] = await serve(this.#folder, this.#redis.port, this.addressesOf([core]));
  }

  async stop(): Promise<void> {
    for (const parts of this.#parts.values()) parts.close();
    await Promise.all(this.#desks.map((desk) => desk.stop()));
    await this.#bank?.stop();
    await this.#bot?.stop();
    await Promise.all(this.#cores.map((core) => core.stop("SIGKILL")));
    await this.#redis.stop();
  }
}

async function bootstrap(folder: string, redisPort: number): Promise<void> {
  mkdirSync(join(folder, "tokens"), { mode: 0o700 });
  const policy = join(folder, "policy.json");
  writeFileSync(policy, JSON.stringify({ displayMode: "B", channels: [CHANNEL], lifetimeS: 600 }));
  await runOnce(MAIN, [
    ...["bootstrap", ...storeOf(folder, redisPort), "--out", join(folder, "tokens")],
    ...["--tenant", "acme", "--issuer", ISSUER, "--policy", policy],
    ...["--app", "desk:submit", "--app", "bank:execute", "--bot", `${CHANNEL}-bot:${CHANNEL}`],
  ]);
}

function storeOf(folder: string, redisPort: number): string[] {
  return ["--store", `redis://127.0.0.1:${redisPort}`, "--secrets", join(folder, "secrets")];
}

function serve(folder: string, redisPort: number, listen: string): Promise<Child> {
  return startChild(MAIN, [
    ...["serve", ...storeOf(folder, redisPort), "--listen", listen],
    ...["--admin-listen", "127.0.0.1:0", "--development"],
  ]);
}

function ledgerOf(folder: string): string {
  return join(folder, "ledger.jsonl");
}

function startBank(folder: string, cores: string): Promise<Child> {
  const token = join(folder, "tokens/bank.token");
  return startChild("examples/bank/src/main.ts", [
    ...["--core", cores, "--token-file", token, "--ledger", ledgerOf(folder)],
  ]);
}

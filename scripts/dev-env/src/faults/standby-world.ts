import type { Child } from "@countersign/testing/child";
import type { ChannelName } from "../chat/chat-service.ts";
import { startTripwire, type Side, type Tripwire } from "../chat/tripwire.ts";
import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation } from "../installation.ts";
import { connect, type Parts } from "../parts.ts";
import { Customer } from "./customer.ts";

const FIRST_CHAT = 6000;

/** A process that waits for another one's end. */
export interface StandBy {
  readonly child: Promise<Child>;
  /** Whether it has taken over by now. */
  hasTakenOver(): boolean;
}

/** One channel with a wire before its provider, and processes of its bot that stand by. */
export class StandbyWorld {
  readonly installation: Installation;
  readonly parts: Parts;
  readonly #channel: ChannelName;
  readonly #wire: Tripwire;
  readonly #desk: Desk;
  /** Who holds the identity; the installation's own process at first. */
  #active: Child;
  readonly #standBys: Promise<Child>[] = [];
  #users = 0;

  private constructor(channel: ChannelName, installation: Installation, wire: Tripwire, desk: Desk) {
    this.#channel = channel;
    this.installation = installation;
    this.#wire = wire;
    this.#desk = desk;
    this.#active = installation.bot(channel).process;
    this.parts = connect(installation, desk.daemonSocket);
  }

  static async start(channel: ChannelName, folder: string): Promise<StandbyWorld> {
    let wire: Tripwire | undefined;
    const between = async (port: number): Promise<number> => (wire = await startTripwire(port)).port;
    const installation = await startInstallation({ folder, mode: "B", channels: [channel], between });
    try {
      const desk = await setUpDesk(installation, { mode: "B", userId: "first", chatId: String(FIRST_CHAT) });
      if (wire === undefined) throw new Error(`the service of ${channel} took no wire`);
      return new StandbyWorld(channel, installation, wire, desk);
    } catch (error) {
      await installation.stop();
      throw error;
    }
  }

  async user(): Promise<Customer> {
    this.#users += 1;
    const chatId = String(FIRST_CHAT + this.#users);
    const channels = [this.#channel];
    const desk = await anotherUser(this.installation, this.#desk, { userId: `user-${chatId}`, chatId, channels });
    const customer = new Customer(this, desk, chatId, channels);
    await customer.linked();
    return customer.forget();
  }

  /** One more process of the bot; it waits until the one before it is gone. */
  standBy(): StandBy {
    const child = this.installation.bot(this.#channel).standby();
    this.#standBys.push(child);
    let isReady = false;
    child.then(
      () => (isReady = true),
      () => undefined,
    );
    return { child, hasTakenOver: () => isReady };
  }

  /** The active process is killed at this request; resolves when it is gone. */
  async dies(at: { readonly pattern: Uint8Array; readonly side: Side }): Promise<void> {
    const active = this.#active;
    await this.#wire.arm({ ...at, nth: 1 }, () => void active.process.kill("SIGKILL"));
    await active.stop("SIGKILL");
  }

  /** Who stood by is the one that dies next. */
  async nowActive({ child }: StandBy): Promise<void> {
    this.#active = await child;
  }

  async stop(): Promise<void> {
    this.parts.close();
    await this.#active.stop();
    // Who still waits becomes active now, and ends as well.
    for (const child of this.#standBys) await child.then((one) => one.stop());
    await this.#desk.stop();
    await this.installation.stop();
    await this.#wire.stop();
  }
}

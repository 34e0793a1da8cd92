import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Secret, silentLog, systemTimer, type FrontDesk, type Press, type Said } from "@countersign/bot-kit";
import { MatrixPhone, startSynapse, type Synapse, type SynapseOptions } from "@countersign/testing/synapse";
import { letGoOfForgottenTimers } from "./forgotten-timers.ts";
import { MatrixChannel, type MatrixGiven } from "../matrix-channel.ts";

letGoOfForgottenTimers();

/** Keeps what the adapter hands in, and says who may invite the bot. */
export class RecordingDesk implements FrontDesk {
  readonly texts: Said[] = [];
  readonly presses: Press[] = [];
  /** `peer reason`. */
  readonly goneOnes: string[] = [];
  /** Who invited. */
  readonly inviters: string[] = [];
  welcome = true;
  /** Whether a press is answered in the chat. */
  answers = true;
  #watchers: (() => void)[] = [];

  async said(said: Said): Promise<void> {
    this.texts.push(said);
    this.#changed();
  }

  async pressed(press: Press, reply: (text: string) => void): Promise<void> {
    this.presses.push(press);
    if (this.answers) reply("Stopped.");
    this.#changed();
  }

  async gone(_eventId: string, peerId: string, why?: string): Promise<void> {
    this.goneOnes.push(`${peerId} ${why ?? "gone"}`);
    this.#changed();
  }

  async mayJoin(_eventId: string, peerId: string): Promise<boolean> {
    this.inviters.push(peerId);
    this.#changed();
    return this.welcome;
  }

  async receipt(): Promise<void> {
    this.#changed();
  }

  /** Resolves when `holds` does; looks again after everything that is handed in. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      await promise;
    }
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}

/** A person with his phone, in an encrypted room with the bot. */
export interface Person {
  readonly userId: string;
  readonly phone: MatrixPhone;
  readonly room: string;
}

/** A homeserver, the bot's account on it, and people. */
export class MatrixWorld {
  readonly synapse: Synapse;
  readonly folder: string;
  readonly bot: string;
  readonly #password: Secret;
  readonly #storeKey = new Uint8Array(randomBytes(32));
  readonly #phones: MatrixPhone[] = [];
  readonly #channels: MatrixChannel[] = [];
  #people = 0;

  private constructor(synapse: Synapse, folder: string, bot: string, password: Secret) {
    this.synapse = synapse;
    this.folder = folder;
    this.bot = bot;
    this.#password = password;
  }

  static async start(options: SynapseOptions = {}): Promise<MatrixWorld> {
    const synapse = await startSynapse(options);
    const password = new Secret("matrix password", randomUUID());
    const bot = await synapse.register("countersign", password.reveal());
    return new MatrixWorld(synapse, mkdtempSync(join(tmpdir(), "countersign-matrix-")), bot, password);
  }

  get password(): string {
    return this.#password.reveal();
  }

  get storeKey(): string {
    return Buffer.from(this.#storeKey).toString("hex");
  }

  get store(): string {
    return join(this.folder, "store");
  }

  get recoveryKeyFile(): string {
    return join(this.folder, "recovery-key");
  }

  /** The bot's adapter; the same store, and so the same device, each time. One at a time. */
  channel(more: Partial<MatrixGiven> = {}): MatrixChannel {
    const channel = new MatrixChannel({
      homeserver: this.synapse.url,
      userId: this.bot,
      password: this.#password,
      store: this.store,
      storeKey: this.#storeKey,
      recoveryKeyFile: this.recoveryKeyFile,
      devices: "all",
      body: "preview",
      timer: systemTimer,
      log: silentLog,
      ...more,
    });
    this.#channels.push(channel);
    return channel;
  }

  /** A new person's phone, in no room. */
  async phone(): Promise<MatrixPhone> {
    this.#people += 1;
    const [user, password] = [`person${this.#people}`, randomUUID()];
    const userId = await this.synapse.register(user, password);
    const folder = join(this.folder, user);
    const phone = await MatrixPhone.start({ url: this.synapse.url, userId, password, folder });
    this.#phones.push(phone);
    return phone;
  }

  /** A new person who has started a chat with the bot. The channel is signed in. */
  async person(channel: MatrixChannel, options: { readonly trusted?: boolean } = {}): Promise<Person> {
    const phone = await this.phone();

    const lease = new AbortController();
    await channel.listen(new RecordingDesk(), lease.signal);
    const room = await phone.makeRoom([this.bot], options);
    await phone.until(() => phone.members.includes(`${room} ${this.bot} join`));
    // What the adapter notes of a new chat, it has noted once it takes an event of it.
    const desk = new RecordingDesk();
    await channel.listen(desk, lease.signal);
    await phone.say(room, "hello");
    await desk.until(() => desk.texts.some(({ peerId }) => peerId === phone.userId));
    lease.abort();
    return { userId: phone.userId, phone, room };
  }

  /** Messages in the clear that the homeserver was ever given. */
  plaintexts(): number {
    // The homeserver writes to it meanwhile.
    const db = new DatabaseSync(this.synapse.database, { readOnly: true, timeout: 60_000 });
    try {
      return Number(db.prepare("SELECT count(*) AS n FROM events WHERE type = 'm.room.message'").get()?.["n"]);
    } finally {
      db.close();
    }
  }

  async stop(): Promise<void> {
    for (const channel of this.#channels) await channel.close();
    await Promise.all(this.#phones.map(async (phone) => phone.stop()));
    await this.synapse.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

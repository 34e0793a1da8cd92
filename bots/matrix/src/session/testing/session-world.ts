import { randomUUID } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Secret, silentLog, systemTimer } from "@countersign/bot-kit";
import { startSynapse, type Synapse, type SynapseOptions } from "@countersign/testing/synapse";
import { ClientEvent } from "matrix-js-sdk/lib/client.js";
import { MatrixEventEvent } from "matrix-js-sdk/lib/models/event.js";
import type { Unsendable } from "../sendable.ts";
import type { MatrixSession, SendGiven } from "../matrix-session.ts";
import { openSession, type SessionOptions } from "../session.ts";
import { loosenTimers } from "./loose-timers.ts";

loosenTimers();

/** One account with its own folder, which may be opened again and again. */
export class Someone {
  readonly userId: string;
  readonly password: string;
  readonly folder: string;
  readonly #world: SessionWorld;
  /** Bodies of the messages that this one's device could read, in order, and "UNREADABLE" for others. */
  readonly read: string[] = [];
  #watchers: (() => void)[] = [];

  constructor(world: SessionWorld, userId: string, password: string, folder: string) {
    this.#world = world;
    this.userId = userId;
    this.password = password;
    this.folder = folder;
  }

  options(more: Partial<SessionOptions> = {}): SessionOptions {
    return {
      homeserver: this.#world.synapse.url,
      userId: this.userId,
      password: new Secret("matrix password", this.password),
      storeFolder: join(this.folder, "store"),
      storeKey: new Uint8Array(32).fill(5),
      recoveryKeyFile: join(this.folder, "recovery"),
      isolation: "signed",
      timer: systemTimer,
      log: silentLog,
      signal: new AbortController().signal,
      ...more,
    };
  }

  async open(more: Partial<SessionOptions> = {}): Promise<MatrixSession> {
    const session = await openSession(this.options(more));
    this.#world.opened(session);
    session.client.on(MatrixEventEvent.Decrypted, (event) => {
      if (event.getSender() === this.userId) return;
      this.read.push(event.isDecryptionFailure() ? "UNREADABLE" : String(event.getClearContent()?.["body"]));
      for (const watcher of this.#watchers.splice(0)) watcher();
    });
    return session;
  }

  /** Resolves once so many messages have come. */
  async hasRead(count: number): Promise<readonly string[]> {
    while (this.read.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      await promise;
    }
    return this.read;
  }

  /** A copy of the store as it is on disk now: what a process that is killed now would leave. */
  snapshot(name: string): string {
    const copy = join(this.folder, name);
    mkdirSync(copy, { mode: 0o700 });
    cpSync(join(this.folder, "store"), copy, { recursive: true });
    return copy;
  }
}

/** A homeserver and accounts on it. */
export class SessionWorld {
  readonly synapse: Synapse;
  readonly #folder = mkdtempSync(join(tmpdir(), "countersign-session-"));
  readonly #sessions: MatrixSession[] = [];
  #accounts = 0;

  private constructor(synapse: Synapse) {
    this.synapse = synapse;
  }

  static async start(options: SynapseOptions = {}): Promise<SessionWorld> {
    return new SessionWorld(await startSynapse(options));
  }

  async someone(): Promise<Someone> {
    this.#accounts += 1;
    const [name, password] = [`someone${this.#accounts}`, randomUUID()];
    const userId = await this.synapse.register(name, password);
    return new Someone(this, userId, password, join(this.#folder, name));
  }

  opened(session: MatrixSession): void {
    this.#sessions.push(session);
  }

  /** Messages in clear that the homeserver was ever given. */
  plaintexts(): number {
    return this.#count("SELECT count(*) AS n FROM events WHERE type = 'm.room.message'");
  }

  encrypted(): number {
    return this.#count("SELECT count(*) AS n FROM events WHERE type = 'm.room.encrypted'");
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) await session.close();
    await this.synapse.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #count(sql: string): number {
    // The homeserver writes to it meanwhile.
    const db = new DatabaseSync(this.synapse.database, { readOnly: true, timeout: 60_000 });
    try {
      return Number(db.prepare(sql).get()?.["n"]);
    } finally {
      db.close();
    }
  }
}

/** An encrypted room of these two, which both have joined and know of. */
export async function makeRoom(bot: MatrixSession, user: MatrixSession): Promise<string> {
  const { room_id: room } = await bot.client.createRoom({
    is_direct: true,
    preset: "trusted_private_chat" as never,
    invite: [user.userId],
    initial_state: [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
  });
  const joined = sendable(bot, room, user.userId);
  await user.client.joinRoom(room);
  await joined;
  return room;
}

/** Resolves once something may be sent there, or the given reason stands against it. */
export async function sendable(bot: MatrixSession, room: string, peer: string, why?: Unsendable): Promise<void> {
  for (;;) {
    const changed = Promise.withResolvers<void>();
    bot.client.once(ClientEvent.Sync, () => changed.resolve());
    if ((await bot.isSendable(room, peer)) === why) return;
    await changed.promise;
  }
}

export function text(body: string): Record<string, unknown> {
  return { msgtype: "m.text", body };
}

/** For a send within eight seconds. */
export function to(peer: string, more: Partial<SendGiven> = {}): SendGiven {
  return { peer, signal: AbortSignal.timeout(60_000), beforeWrite: () => undefined, ...more };
}

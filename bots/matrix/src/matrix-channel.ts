import { join } from "node:path";
import type { BotLog, FrontDesk, Outgoing, PaceLimits, SecondChannel, Secret, Timer } from "@countersign/bot-kit";
import { ChannelError } from "@countersign/bot-kit";
import { deliverMessage, transactionId } from "./delivering.ts";
import type { DeviceRule } from "./heard-event.ts";
import { Inbox } from "./inbox.ts";
import { Notes } from "./notes.ts";
import { renderSentence, type BodyRule } from "./render.ts";
import { Rooms } from "./rooms.ts";
import { StoreError } from "./crypto-store/store-error.ts";
import { openSession, type MatrixSession } from "./session/index.ts";

/** What a homeserver bears whose operator lifted the limits of the bot's account; docs/how-to/matrix-bot.md. */
export const MATRIX_PACE: PaceLimits = {
  identity: { perSecond: 10, burst: 10 },
  chat: { perSecond: 1, burst: 5 },
  longestWaitMs: 5_000,
};

/** Where the bot lives, and how it shows messages. */
export interface MatrixGiven {
  /** Such as `https://matrix.example.org`. */
  readonly homeserver: string;
  /** Such as `@countersign:example.org`. */
  readonly userId: string;
  readonly password: Secret;
  /** Folder of this bot alone: its device, its keys, its notes. */
  readonly store: string;
  /** 32 bytes that the crypto store is sealed with. */
  readonly storeKey: Uint8Array;
  /** Written at the first start. */
  readonly recoveryKeyFile: string;
  readonly devices: DeviceRule;
  readonly body: BodyRule;
  readonly timer: Timer;
  readonly log: BotLog;
}

/** What stands on one open session. */
interface Parts {
  readonly session: MatrixSession;
  readonly rooms: Rooms;
  readonly inbox: Inbox;
}

const REPLY_MS = 8_000;
const RETRY_MS = 1_000;

/** Matrix as a second channel: encrypted one-to-one rooms, codes redacted after use, veto by reaction or command. */
export class MatrixChannel implements SecondChannel {
  readonly platform = "matrix";
  readonly wording = "full";
  readonly endToEndEncrypted = true;
  readonly #given: MatrixGiven;
  readonly #closing = new AbortController();
  /** Answers to reactions that are under way. */
  readonly #telling = new Set<Promise<void>>();
  #notes: Notes | undefined;
  #parts: Parts | undefined;
  #listener: { readonly desk: FrontDesk; readonly signal: AbortSignal } | undefined;
  #reopening: Promise<void> = Promise.resolve();

  constructor(given: MatrixGiven) {
    this.#given = given;
  }

  /**
   * Opens the bot's device, and waits as long as another process has it: a standby has the same store. Rejects when the homeserver
   * refuses user or password, or the store cannot be used. Matrix has no address that carries a token: people start an
   * encrypted chat with the bot and send it.
   */
  async signIn(signal: AbortSignal): Promise<string> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    while (this.#parts === undefined) {
      either.throwIfAborted();
      await this.#open(either).catch(refuseUnlessInUse);
      if (this.#parts === undefined) await this.#given.timer.sleep(RETRY_MS, either);
    }
    return "";
  }

  listen(desk: FrontDesk, signal: AbortSignal): Promise<void> {
    this.#listener = { desk, signal };
    if (signal.aborted) return Promise.resolve();
    this.#parts?.inbox.serve(desk, signal);
    this.#given.log.write({ event: "listening" });
    return Promise.resolve();
  }

  async deliver(outgoing: Outgoing, signal: AbortSignal): Promise<string> {
    const [parts, notes] = [this.#parts, this.#notes];
    if (parts === undefined || notes === undefined) throw new ChannelError({ fate: "not-sent", detail: "not-ready" });
    const { devices, body } = this.#given;
    return deliverMessage(outgoing, { ...parts, notes, devices, body }, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#reopening;
    await Promise.all(this.#telling);
    await this.#parts?.session.close();
    this.#notes?.close();
    this.#parts = undefined;
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { homeserver, userId, password, store, storeKey, recoveryKeyFile, devices, timer, log } = this.#given;
    const session = await openSession({
      ...{ homeserver, userId, password, recoveryKeyFile, timer, log, signal },
      ...{ storeFolder: store, storeKey, isolation: devices },
    });
    const notes = (this.#notes ??= Notes.open(join(store, "notes.sqlite")));
    const rooms = new Rooms(session.client, notes);
    const inbox = new Inbox({
      ...{ client: session.client, rooms, notes, devices, log, timer },
      identityOf: async (user) => session.identityOf(user),
      tell: (room, peer, eventId, text) => this.#keepTelling(this.#tell(session, { room, peer, eventId, text })),
    });
    this.#parts = { session, rooms, inbox };
    if (this.#listener !== undefined) inbox.serve(this.#listener.desk, this.#listener.signal);
    void session.ended.then(() => (this.#reopening = this.#reopen(session)));
  }

  // The homeserver has ended the device: an administrator did, or its data were lost. A new one is made.
  async #reopen(session: MatrixSession): Promise<void> {
    const { timer, log } = this.#given;
    this.#parts = undefined;
    await session.close().catch(() => undefined);
    while (!this.#closing.signal.aborted && this.#parts === undefined) {
      try {
        await this.#open(this.#closing.signal);
      } catch {
        log.write({ event: "listening-failed", detail: "not-ready", retryInMs: RETRY_MS });
        await timer.sleep(RETRY_MS, this.#closing.signal);
      }
    }
  }

  #keepTelling(told: Promise<void>): void {
    this.#telling.add(told);
    void told.finally(() => this.#telling.delete(told));
  }

  async #tell(
    session: MatrixSession,
    { room, peer, eventId, text }: { room: string; peer: string; eventId: string; text: string },
  ): Promise<void> {
    const txn = transactionId({ peerId: peer, deliveryId: eventId, phase: "reply" }, "press");
    try {
      await session.sendEncrypted(room, "m.room.message", { ...renderSentence(text) }, txn, {
        signal: AbortSignal.timeout(REPLY_MS),
        beforeWrite: () => undefined,
        peer,
      });
    } catch (error) {
      const detail = error instanceof ChannelError ? error.detail : "bug";
      this.#given.log.write({ event: "reply-not-delivered", detail });
    }
  }
}

function refuseUnlessInUse(error: unknown): void {
  if (!(error instanceof StoreError && error.code === "in-use")) throw error;
}

// The second channel: what was shown in each chat, over every life of the bot and of the core.
import {
  AttachRequest,
  type AttachResponse,
  ChannelServiceService,
  Phase,
} from "@countersign/proto/node/channel/v1/channel_service";
import type { Line } from "@countersign/proto/node/core/v1/content";
import { randomUUID } from "node:crypto";
import { Client, credentials, type ClientDuplexStream, type Metadata } from "@grpc/grpc-js";

export const PLATFORM = "sandbox";
const BEAT_MS = 5000;

type Stream = ClientDuplexStream<AttachRequest, AttachResponse>;

/** What a message asks about, in whose chat. */
export interface Message {
  readonly peerId: string;
  readonly tag: string;
  readonly lines: readonly Line[];
}

/** All chats. A message with a later code takes the place of the earlier one. */
export class Phone {
  readonly #codes = new Map<string, string[]>();
  readonly #changed = new Set<() => void>();

  show(message: Message, code: string): void {
    const name = nameOf(message);
    const codes = this.#codes.get(name) ?? [];
    if (codes.at(-1) !== code) this.#codes.set(name, [...codes, code]);
    for (const tell of this.#changed) tell();
  }

  /** The last code under a message that is not among those known to be superseded; waits for it. Rejects with the signal. */
  async codeFor(message: Message, superseded: readonly string[], signal: AbortSignal): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      const last = this.#codes.get(nameOf(message))?.at(-1);
      if (last !== undefined && !superseded.includes(last)) return last;
      await new Promise<void>((resolve) => {
        const tell = (): void => {
          this.#changed.delete(tell);
          signal.removeEventListener("abort", tell);
          resolve();
        };
        this.#changed.add(tell);
        signal.addEventListener("abort", tell, { once: true });
      });
    }
  }
}

/** Two payments may share a tag, but never tag and lines. */
function nameOf({ peerId, tag, lines }: Message): string {
  return JSON.stringify([peerId, tag, lines]);
}

/** A bot that hands every message to the phone at once, for one life of one core. */
export class Bot {
  readonly #stream: Stream;
  readonly #client: Client;
  readonly #phone: Phone;
  readonly #answers = new Map<string, () => void>();
  readonly #welcome = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  readonly #beat: NodeJS.Timeout;
  #fence = 0n;

  constructor(address: string, metadata: Metadata, phone: Phone) {
    this.#phone = phone;
    this.#client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
    const { path, requestSerialize, responseDeserialize } = ChannelServiceService.attach;
    this.#stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    this.#welcome.promise.catch(() => undefined);
    this.#stream.on("error", (error) => this.#welcome.reject(error));
    this.#stream.once("status", () => this.#over.resolve());
    this.#stream.on("data", ({ event }: AttachResponse) => this.#take(event));
    this.#beat = setInterval(() => {
      if (this.#fence > 0n) this.#send({ $case: "beat", value: { fence: this.#fence } });
    }, BEAT_MS).unref();
    this.#send({ $case: "hello", value: { platform: PLATFORM, deepLink: "", leaseToken: Buffer.alloc(0) } });
  }

  /** Resolves with the lease; rejects when the stream ends before. */
  get attached(): Promise<void> {
    return this.#welcome.promise;
  }

  /** The stream's end, whatever ends it. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** The person behind the chat sends the link token. */
  async claim(peerId: string, linkToken: string): Promise<void> {
    const eventId = randomUUID();
    const answered = new Promise<void>((resolve) => this.#answers.set(eventId, resolve));
    const names = { peerId, peerName: "Ann", peerIdentity: "", linkToken, privateChat: true };
    this.#send({ $case: "linkClaim", value: { eventId, fence: this.#fence, ...names } });
    const over = this.over.then(() =>
      Promise.reject(new Error("the bot's stream ended before the claim was answered")),
    );
    await Promise.race([answered, over]);
  }

  close(): void {
    clearInterval(this.#beat);
    this.#stream.cancel();
    this.#client.close();
  }

  #take(event: AttachResponse["event"]): void {
    if (event?.$case === "welcome") {
      this.#fence = event.value.fence;
      this.#welcome.resolve();
    } else if (event?.$case === "answer") this.#answers.get(event.value.eventId)?.();
    else if (event?.$case === "deliver") {
      const { code, phase, sequence, fence } = event.value;
      if (phase === Phase.FULL) this.#phone.show(event.value, code);
      this.#send({ $case: "sent", value: { sequence, fence, providerId: `m${sequence}` } });
    }
  }

  #send(event: NonNullable<AttachRequest["event"]>): void {
    if (!this.#stream.destroyed) this.#stream.write(AttachRequest.create({ event }));
  }
}

/** A bot that comes back whenever its stream is over, as a real one does, to whichever address is told at the moment. */
export class LastingBot {
  readonly #attach: () => Bot;
  readonly #closed = new AbortController();
  #bot: Bot;

  constructor(addressOf: () => string, metadata: Metadata, phone: Phone) {
    this.#attach = () => new Bot(addressOf(), metadata, phone);
    this.#bot = this.#attach();
    void this.#last();
  }

  get attached(): Promise<void> {
    return this.#bot.attached;
  }

  close(): void {
    this.#closed.abort();
    this.#bot.close();
  }

  async #last(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      await this.#bot.over;
      this.#bot.close();
      if (this.#closed.signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, BACK_AFTER_MS).unref());
      this.#bot = this.#attach();
    }
  }
}

const BACK_AFTER_MS = 100;

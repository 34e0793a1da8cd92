// One bot identity at the core, for a provider that takes every message at once. Codes are handed to whoever signs.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientDuplexStream, Metadata } from "@grpc/grpc-js";
import {
  AnswerType,
  AttachRequest,
  type AttachResponse,
  ChannelServiceService,
  Hello,
  type Deliver,
  Phase,
} from "@countersign/proto/node/channel/v1/channel_service";
import type { Wire } from "./wire.ts";

type Stream = ClientDuplexStream<AttachRequest, AttachResponse>;

const BEAT_MS = 5_000;
const WAIT_MS = 60_000;
const TRIES = 10;
const AGAIN_MS = 500;

interface Attached {
  readonly stream: Stream;
  readonly fence: bigint;
  /** With which the same process comes back at once. */
  readonly leaseToken: Buffer;
  /** Its end, also one that came before anybody asked. */
  readonly over: Promise<void>;
}

/** Attached until `detach`: a stream that ends before, as each does with its connection after some minutes, is followed by another. */
export class BenchBot {
  readonly #wire: Wire;
  readonly #metadata: Metadata;
  readonly #platform: string;
  readonly #beat: NodeJS.Timeout;
  /** By chat and tag: the code, or who waits for it. */
  readonly #codes = new Map<string, PromiseWithResolvers<string>>();
  readonly #answers = new Map<string, PromiseWithResolvers<AnswerType>>();
  /** Told when no stream follows: nobody waits for what cannot come. */
  readonly #waiting = new Set<(why: Error) => void>();
  #attached: Attached | undefined;
  #leaves = false;
  #delivered = 0;
  #outcomes = 0;

  private constructor(wire: Wire, metadata: Metadata, platform: string) {
    this.#wire = wire;
    this.#metadata = metadata;
    this.#platform = platform;
    this.#beat = setInterval(() => this.#tellBeat(), BEAT_MS).unref();
  }

  /** Waits for the lease. `metadata` holds the bot's token. */
  static async attach(wire: Wire, metadata: Metadata, platform: string): Promise<BenchBot> {
    const bot = new BenchBot(wire, metadata, platform);
    try {
      await bot.#join();
      return bot;
    } catch (error) {
      bot.#leave();
      throw error;
    }
  }

  /** Messages handed over so far, and those of them that tell an outcome. */
  get counts(): { readonly delivered: number; readonly outcomes: number } {
    return { delivered: this.#delivered, outcomes: this.#outcomes };
  }

  /** The person behind the chat sends the link token. */
  async claim(peerId: string, linkToken: string): Promise<void> {
    const { stream, fence } = this.#lease();
    const eventId = randomUUID();
    const answer = Promise.withResolvers<AnswerType>();
    this.#answers.set(eventId, answer);
    const claim = {
      eventId,
      fence,
      peerId,
      peerName: "Ann",
      linkToken,
      privateChat: true,
      peerIdentity: "",
    };
    send(stream, { $case: "linkClaim", value: claim });
    const type = await this.#within(answer.promise, `the answer to ${peerId}`);
    this.#answers.delete(eventId);
    if (type !== AnswerType.OK) throw new Error(`the core answered a link claim with ${type}`);
  }

  /** The code in the message with this tag to this chat, once. */
  async codeFor(peerId: string, tag: string): Promise<string> {
    const name = `${peerId} ${tag}`;
    const code = await this.#within(this.#codeAt(name).promise, `the code of ${tag}`);
    this.#codes.delete(name);
    return code;
  }

  /** Until so many outcomes were handed over since it attached. */
  async outcomes(count: number): Promise<void> {
    const end = Date.now() + WAIT_MS;
    while (this.#outcomes < count) {
      if (Date.now() > end) throw new Error(`${this.#outcomes} of ${count} outcomes were delivered within a minute`);
      await this.#within(sleep(10), "a moment");
    }
  }

  /** At once, whatever is under way; harmless after `detach`. */
  cancel(): void {
    this.#leave();
    this.#attached?.stream.cancel();
  }

  /** Its stream breaks off, as with a connection that is over. */
  breakOff(): void {
    this.#lease().stream.cancel();
  }

  /** The core answers all that it was told, then ends the stream. */
  async detach(): Promise<void> {
    this.#leave();
    const { stream, over } = this.#lease();
    stream.end();
    await within(over, "the end of the stream");
  }

  async #joinAgain(): Promise<void> {
    for (let left = TRIES - 1; ; left--) {
      try {
        return await this.#join();
      } catch (error) {
        // The next connection may be about to end as well.
        if (left === 0 || this.#leaves) throw error;
        await sleep(AGAIN_MS);
      }
    }
  }

  #lease(): Attached {
    if (this.#attached === undefined) throw new Error("the bot is not attached");
    return this.#attached;
  }

  #leave(): void {
    this.#leaves = true;
    clearInterval(this.#beat);
  }

  /** Says hello and waits for the lease. What comes is heard from the first event on. */
  async #join(): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = ChannelServiceService.attach;
    const client = this.#wire.client();
    const stream: Stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, this.#metadata);
    const over = new Promise<void>((resolve) => stream.once("status", () => resolve()));
    const welcome = Promise.withResolvers<Attached>();
    stream.on("data", ({ event }: AttachResponse) => {
      if (event?.$case === "welcome") welcome.resolve({ ...event.value, stream, over });
      if (event?.$case === "deliver") this.#take(event.value, stream);
      if (event?.$case === "answer") this.#answers.get(event.value.eventId)?.resolve(event.value.type);
    });
    // After the welcome its status tells.
    stream.on("error", welcome.reject);
    const leaseToken = this.#attached?.leaseToken ?? Buffer.alloc(0);
    send(stream, { $case: "hello", value: Hello.create({ platform: this.#platform, leaseToken }) });
    try {
      const attached = await within(welcome.promise, "the lease");
      if (this.#leaves) throw new Error("it was detached meanwhile");
      this.#attached = attached;
    } catch (error) {
      stream.cancel();
      throw error;
    }
    stream.on("status", ({ details }) => void this.#follow(details));
  }

  async #follow(details: string): Promise<void> {
    try {
      if (this.#leaves) throw new Error("it was detached");
      await this.#joinAgain();
    } catch (error) {
      this.#leave();
      const why = new Error(`the bot's stream ended: ${details}`, { cause: error });
      for (const tell of this.#waiting) tell(why);
    }
  }

  #tellBeat(): void {
    if (this.#attached !== undefined)
      send(this.#attached.stream, { $case: "beat", value: { fence: this.#attached.fence } });
  }

  #take({ sequence, fence, phase, peerId, tag, code }: Deliver, stream: Stream): void {
    this.#delivered += 1;
    if (phase === Phase.OUTCOME) this.#outcomes += 1;
    if (phase === Phase.FULL) this.#codeAt(`${peerId} ${tag}`).resolve(code);
    send(stream, { $case: "sent", value: { sequence, fence, providerId: String(sequence) } });
  }

  #codeAt(name: string): PromiseWithResolvers<string> {
    const known = this.#codes.get(name) ?? Promise.withResolvers<string>();
    this.#codes.set(name, known);
    return known;
  }

  async #within<T>(promise: Promise<T>, what: string): Promise<T> {
    const { promise: over, reject } = Promise.withResolvers<never>();
    if (this.#leaves) reject(new Error("the bot is not attached any more"));
    this.#waiting.add(reject);
    try {
      return await within(Promise.race([promise, over]), what);
    } finally {
      this.#waiting.delete(reject);
    }
  }
}

function send(stream: Stream, event: NonNullable<AttachRequest["event"]>): void {
  stream.write(AttachRequest.create({ event }));
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within a minute`)), WAIT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

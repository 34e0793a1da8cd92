// One bot identity at the core, for a provider that takes every message at once. Codes are handed to whoever signs.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientDuplexStream, Metadata } from "@grpc/grpc-js";
import {
  AnswerType,
  AttachRequest,
  type AttachResponse,
  ChannelServiceService,
  type Deliver,
  Phase,
} from "@countersign/proto/node/channel/v1/channel_service";
import type { Wire } from "./wire.ts";

type Stream = ClientDuplexStream<AttachRequest, AttachResponse>;

const BEAT_MS = 5_000;
const WAIT_MS = 60_000;

/** Attached until `detach`; one stream of ChannelService.Attach. */
export class BenchBot {
  readonly #stream: Stream;
  readonly #fence: bigint;
  readonly #beat: NodeJS.Timeout;
  /** By chat and tag: the code, or who waits for it. */
  readonly #codes = new Map<string, PromiseWithResolvers<string>>();
  readonly #answers = new Map<string, PromiseWithResolvers<AnswerType>>();
  /** Rejects when the stream ends: nobody waits for what cannot come. */
  readonly #over = Promise.withResolvers<never>();
  #delivered = 0;
  #outcomes = 0;

  private constructor(stream: Stream, fence: bigint) {
    this.#stream = stream;
    this.#fence = fence;
    stream.on("data", ({ event }: AttachResponse) => {
      if (event?.$case === "deliver") this.#take(event.value);
      if (event?.$case === "answer") this.#answers.get(event.value.eventId)?.resolve(event.value.type);
    });
    this.#beat = setInterval(() => this.#send({ $case: "beat", value: { fence } }), BEAT_MS).unref();
    this.#over.promise.catch(() => undefined);
    stream.on("status", ({ details }) => {
      clearInterval(this.#beat);
      this.#over.reject(new Error(`the bot's stream ended: ${details}`));
    });
  }

  /** Waits for the lease. `metadata` holds the bot's token. */
  static async attach(wire: Wire, metadata: Metadata, platform: string): Promise<BenchBot> {
    const { path, requestSerialize, responseDeserialize } = ChannelServiceService.attach;
    const stream = wire.client().makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    const welcome = new Promise<bigint>((resolve, reject) => {
      stream.once("data", ({ event }: AttachResponse) => {
        if (event?.$case === "welcome") resolve(event.value.fence);
      });
      // A stream that ends later fails the calls that wait for its codes.
      stream.on("error", reject);
    });
    stream.write(AttachRequest.create({ event: { $case: "hello", value: { platform, deepLink: "" } } }));
    try {
      return new BenchBot(stream, await within(welcome, "the lease"));
    } catch (error) {
      stream.cancel();
      throw error;
    }
  }

  /** Messages handed over so far, and those of them that tell an outcome. */
  get counts(): { readonly delivered: number; readonly outcomes: number } {
    return { delivered: this.#delivered, outcomes: this.#outcomes };
  }

  /** The person behind the chat sends the link token. */
  async claim(peerId: string, linkToken: string): Promise<void> {
    const eventId = randomUUID();
    const answer = Promise.withResolvers<AnswerType>();
    this.#answers.set(eventId, answer);
    const claim = {
      eventId,
      fence: this.#fence,
      peerId,
      peerName: "Ann",
      linkToken,
      privateChat: true,
      peerIdentity: "",
    };
    this.#send({ $case: "linkClaim", value: claim });
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
      await Promise.race([sleep(10), this.#over.promise]);
    }
  }

  /** At once, whatever is under way; harmless after `detach`. */
  cancel(): void {
    clearInterval(this.#beat);
    this.#stream.cancel();
  }

  /** The core answers all that it was told, then ends the stream. */
  async detach(): Promise<void> {
    clearInterval(this.#beat);
    const over = new Promise<void>((resolve) => this.#stream.once("status", () => resolve()));
    this.#stream.end();
    await within(over, "the end of the stream");
  }

  #take({ sequence, fence, phase, peerId, tag, code }: Deliver): void {
    this.#delivered += 1;
    if (phase === Phase.OUTCOME) this.#outcomes += 1;
    if (phase === Phase.FULL) this.#codeAt(`${peerId} ${tag}`).resolve(code);
    this.#send({ $case: "sent", value: { sequence, fence, providerId: String(sequence) } });
  }

  #codeAt(name: string): PromiseWithResolvers<string> {
    const known = this.#codes.get(name) ?? Promise.withResolvers<string>();
    this.#codes.set(name, known);
    return known;
  }

  #within<T>(promise: Promise<T>, what: string): Promise<T> {
    return within(Promise.race([promise, this.#over.promise]), what);
  }

  #send(event: NonNullable<AttachRequest["event"]>): void {
    this.#stream.write(AttachRequest.create({ event }));
  }
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

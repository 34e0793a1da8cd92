// A bot at the other end of real gRPC, doing what a test tells it.
import { Metadata, type ClientDuplexStream, type ServiceError } from "@grpc/grpc-js";
import {
  AttachRequest,
  Fate,
  Phase,
  type Answer,
  type AttachResponse,
  type ChannelServiceClient,
  type Deliver,
  type Welcome,
} from "@countersign/proto/node/channel/v1/channel_service";
import { Phone } from "../../delivery/testing/phone.ts";

type Event = NonNullable<AttachRequest["event"]>;
type Told = NonNullable<AttachResponse["event"]>;

/** What it does with a Deliver by itself; `undefined`: the test answers. */
export type Habit = (deliver: Deliver, bot: ScriptedBot) => void;

export const dutiful: Habit = (deliver, bot) => bot.sent(deliver);
export const idle: Habit = () => undefined;

export class ScriptedBot {
  readonly phone: Phone = new Phone();
  readonly delivered: Deliver[] = [];
  readonly told: Told[] = [];
  fence = 0n;
  #error: ServiceError | undefined;
  #over = false;
  #events = 0;
  readonly #stream: ClientDuplexStream<AttachRequest, AttachResponse>;
  readonly #waiting = new Set<() => void>();

  constructor(client: ChannelServiceClient, token: string, habit: Habit = dutiful) {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    this.#stream = client.attach(metadata);
    this.#stream.on("data", ({ event }: AttachResponse) => {
      if (event === undefined) return;
      if (event.$case === "welcome") this.fence = event.value.fence;
      if (event.$case === "deliver") this.delivered.push(event.value);
      this.told.push(event);
      if (event.$case === "deliver") habit(event.value, this);
      this.#wake();
    });
    this.#stream.on("error", (error: ServiceError) => {
      this.#error = error;
      this.#finish();
    });
    this.#stream.on("end", () => this.#finish());
  }

  async hello(platform = "sandbox", deepLink = "", leaseToken: Buffer = Buffer.alloc(0)): Promise<Welcome> {
    this.write({ $case: "hello", value: { platform, deepLink, leaseToken } });
    return (await this.next("welcome")).value;
  }

  write(event: Event): void {
    this.#stream.write(AttachRequest.create({ event }));
  }

  sent(deliver: Deliver): void {
    this.write({
      $case: "sent",
      value: { sequence: deliver.sequence, fence: this.fence, providerId: this.phone.accept(deliver) },
    });
  }

  failed(deliver: Deliver, fate: Fate, reason = "CHANNEL_DOWN", retryAfterMs = 0, detail = ""): void {
    this.write({
      $case: "failed",
      value: { sequence: deliver.sequence, fence: this.fence, fate, reason, retryAfterMs, detail },
    });
  }

  /** Sends an event that is answered, with an id of its own unless one is given, and waits for its answer. */
  async ask(
    event: Extract<Event, { $case: "veto" | "linkClaim" | "resend" | "command" | "peerQuestion" }>,
  ): Promise<Answer> {
    const eventId = event.value.eventId === "" ? `e${++this.#events}` : event.value.eventId;
    const value = { ...event.value, eventId, fence: this.fence };
    this.write({ ...event, value } as Event);
    const found = await this.until(() =>
      this.told.findLast((each) => each.$case === "answer" && each.value.eventId === eventId),
    );
    const answer = found.value as Answer;
    this.told.splice(this.told.indexOf(found), 1);
    return answer;
  }

  /** The first event of this kind that was not taken yet. */
  async next<C extends Told["$case"]>($case: C): Promise<Extract<Told, { $case: C }>> {
    const found = await this.until(() => this.told.find((each) => each.$case === $case));
    this.told.splice(this.told.indexOf(found), 1);
    return found as Extract<Told, { $case: C }>;
  }

  /** The chat's message with a code in it, once it is there. */
  code(): Promise<Deliver> {
    return this.until(() => this.phone.withCode().at(-1)?.content);
  }

  outcome(): Promise<Deliver> {
    return this.until(() => this.phone.messages.findLast(({ content }) => content.phase === Phase.OUTCOME)?.content);
  }

  alert(): Promise<Deliver> {
    return this.until(() => this.phone.messages.findLast(({ content }) => content.phase === Phase.ALERT)?.content);
  }

  /** How the stream ended. */
  async ended(): Promise<ServiceError | undefined> {
    await this.until(() => (this.#over ? true : undefined), true);
    return this.#error;
  }

  get over(): boolean {
    return this.#over;
  }

  /** The bot ends the stream in good order. */
  async close(): Promise<void> {
    this.#stream.end();
    await this.ended();
  }

  /** The bot is gone without a word. */
  kill(): void {
    this.#stream.cancel();
  }

  async until<T>(look: () => T | undefined, evenOver = false): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#over && !evenOver) throw this.#error ?? new Error("the stream has ended");
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #finish(): void {
    this.#over = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

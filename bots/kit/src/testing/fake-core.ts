import {
  Answer,
  AnswerType,
  AttachResponse,
  ChannelServiceService,
  Deliver,
  type AttachRequest,
  type ChannelServiceServer,
  type Failed,
  type Hello,
  type Sent,
} from "@countersign/proto/node/channel/v1/channel_service";
import { Server, ServerCredentials, status, type ServerDuplexStream } from "@grpc/grpc-js";

type Stream = ServerDuplexStream<AttachRequest, AttachResponse>;
/** An event a bot reported on its own account. */
export type UserEvent = Extract<
  NonNullable<AttachRequest["event"]>,
  { $case: "veto" | "linkClaim" | "resend" | "command" | "peerGone" | "peerQuestion" | "deliveryReceipt" }
>;
/** How the bot reported a Deliver. */
export type Report = { readonly sent: Sent } | { readonly failed: Failed };

interface Attached {
  readonly stream: Stream;
  readonly fence: bigint;
  readonly hello: Hello;
  readonly open: Map<bigint, PromiseWithResolvers<Report>>;
}

interface FakeCoreOptions {
  readonly leaseMs?: number;
  readonly token?: string;
}

/**
 * A core for tests of bots: a real gRPC server that leases one identity, checks every rule of Attach, and ends the stream
 * at the first violation, which it also keeps. Judges nothing about transactions.
 */
export class FakeCore {
  /** `127.0.0.1:port`. */
  address = "";
  readonly token: string;
  readonly leaseMs: number;
  /** What bots did against the rules of the protocol. A test ends with this empty. */
  readonly violations: string[] = [];
  /** Every event in order of arrival, repeated ones too. */
  readonly events: UserEvent[] = [];
  /** Beats that came. */
  beats = 0;
  /** When false, beats go unanswered. */
  acknowledgesBeats = true;
  #answers: (event: UserEvent) => Partial<Answer> | undefined = () => ({ type: AnswerType.OK });
  readonly #server = new Server();
  readonly #waiting: { stream: Stream; hello: Hello }[] = [];
  #attached: Attached | undefined;
  #fence = 0n;
  #sequence = 0n;
  #watchers: (() => void)[] = [];

  private constructor(options: FakeCoreOptions) {
    this.token = options.token ?? "cs_bot_test";
    this.leaseMs = options.leaseMs ?? 60_000;
  }

  /** Listens on a free port of loopback. */
  static async start(options: FakeCoreOptions = {}): Promise<FakeCore> {
    const core = new FakeCore(options);
    const service: ChannelServiceServer = { attach: (stream) => core.#opened(stream) };
    core.#server.addService(ChannelServiceService, service);
    core.address = await new Promise((resolve, reject) => {
      core.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(`127.0.0.1:${port}`);
        else reject(error);
      });
    });
    return core;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  /** The Hello of the bot that holds the lease, or undefined. */
  get hello(): Hello | undefined {
    return this.#attached?.hello;
  }

  /** The fence of the bot that holds the lease, 0 without one. */
  get fence(): bigint {
    return this.#attached?.fence ?? 0n;
  }

  /** Bots that said Hello and wait for the lease. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when `holds` does; looks again after everything that arrives. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      await promise;
    }
  }

  /** Resolves with its Hello once a bot holds the lease. */
  async attached(): Promise<Hello> {
    await this.until(() => this.#attached !== undefined);
    return this.#attached?.hello ?? raise("nobody is attached");
  }

  /** How events are answered; undefined: not at all. Default: OK. */
  answerWith(answers: (event: UserEvent) => Partial<Answer> | undefined): void {
    this.#answers = answers;
  }

  /** Asks the attached bot to show something and resolves with its report. Rejects when the stream ends first. */
  async deliver(deliver: Partial<Deliver>): Promise<Report> {
    const attached = this.#attached ?? raise("nobody is attached");
    this.#sequence += 1n;
    const sequence = this.#sequence;
    const whole = Deliver.create({ ...deliver, fence: attached.fence, sequence });
    const report = Promise.withResolvers<Report>();
    attached.open.set(sequence, report);
    attached.stream.write(AttachResponse.create({ event: { $case: "deliver", value: whole } }));
    return report.promise;
  }

  /** Ends the stream of the attached bot with this gRPC status; the next waiting bot gets the lease. */
  breakStream(code: number = status.UNAVAILABLE): void {
    const attached = this.#attached ?? raise("nobody is attached");
    this.#end(attached.stream, code, "broken by the test");
  }

  #opened(stream: Stream): void {
    stream.on("error", () => undefined);
    for (const end of ["cancelled", "end", "close"] as const) stream.on(end, () => this.#gone(stream));
    stream.on("end", () => stream.end());
    if (stream.metadata.get("authorization")[0] !== `Bearer ${this.token}`) {
      this.#end(stream, status.UNAUTHENTICATED, "no such token");
      return;
    }
    stream.on("data", (request: AttachRequest) => {
      this.#received(stream, request);
      this.#changed();
    });
  }

  #received(stream: Stream, { event }: AttachRequest): void {
    const attached = this.#attached?.stream === stream ? this.#attached : undefined;
    const isWaiting = this.#waiting.some((waiting) => waiting.stream === stream);
    if (event === undefined) this.#refuse(stream, "a request without event");
    else if (event.$case === "hello") {
      if (attached !== undefined || isWaiting) this.#refuse(stream, "a second Hello");
      else if (!/^(telegram|matrix|mail|sms|sandbox)$/.test(event.value.platform))
        this.#refuse(stream, "no such platform");
      else if (!this.#mayHaveGiven(event.value.leaseToken)) this.#refuse(stream, "a lease token of nobody's");
      else this.#queue(stream, event.value);
    } else if (attached === undefined) this.#refuse(stream, `${event.$case} before Welcome`);
    else if (event.value.fence !== attached.fence) this.#refuse(stream, `${event.$case} under an old fence`);
    else if (event.$case === "beat") this.#beat(stream);
    else if (event.$case === "sent") this.#report(attached, event.value.sequence, { sent: event.value });
    else if (event.$case === "failed") this.#report(attached, event.value.sequence, { failed: event.value });
    else this.#event(attached, event);
  }

  #queue(stream: Stream, hello: Hello): void {
    this.#waiting.push({ stream, hello });
    this.#lease();
  }

  #mayHaveGiven(token: Buffer): boolean {
    const fence = /^lease ([1-9]\d*)$/.exec(token.toString())?.[1];
    return token.length === 0 || (fence !== undefined && BigInt(fence) <= this.#fence);
  }

  #lease(): void {
    const next = this.#attached === undefined ? this.#waiting.shift() : undefined;
    if (next === undefined) return;
    this.#fence += 1n;
    this.#attached = { ...next, fence: this.#fence, open: new Map() };
    const welcome = { fence: this.#fence, leaseMs: this.leaseMs, leaseToken: tokenOf(this.#fence) };
    next.stream.write(AttachResponse.create({ event: { $case: "welcome", value: welcome } }));
  }

  #beat(stream: Stream): void {
    this.beats += 1;
    if (this.acknowledgesBeats) stream.write(AttachResponse.create({ event: { $case: "beatAck", value: {} } }));
  }

  #report(attached: Attached, sequence: bigint, report: Report): void {
    const open = attached.open.get(sequence);
    attached.open.delete(sequence);
    if (open === undefined) this.#refuse(attached.stream, `a report of sequence ${sequence}, which is not open`);
    else if ("sent" in report && report.sent.providerId === "")
      this.#refuse(attached.stream, "Sent without provider id");
    else if (
      "failed" in report &&
      !/^CHANNEL_(DOWN|BLOCKED_BY_USER|IDENTITY_CHANGED|DOES_NOT_FIT)$/.test(report.failed.reason)
    ) {
      this.#refuse(attached.stream, "Failed with a reason of its own");
    } else open.resolve(report);
  }

  #event(attached: Attached, event: UserEvent): void {
    const { eventId, peerId } = event.value;
    if (eventId === "" || peerId === "")
      return this.#refuse(attached.stream, `${event.$case} without event or chat id`);
    this.events.push(event);
    // As the core: these two are told, not asked.
    const told = event.$case === "peerGone" || event.$case === "deliveryReceipt";
    const answer = told ? undefined : this.#answers(event);
    if (answer === undefined) return undefined;
    const value = Answer.create({ ...answer, eventId });
    attached.stream.write(AttachResponse.create({ event: { $case: "answer", value } }));
    return undefined;
  }

  // grpc-js sends the status of an emitted error; a destroyed stream would send none.
  #end(stream: Stream, code: number, why: string): void {
    stream.emit("error", Object.assign(new Error(why), { code, details: why }));
    this.#gone(stream);
  }

  #refuse(stream: Stream, violation: string): void {
    this.violations.push(violation);
    this.#end(stream, status.INVALID_ARGUMENT, violation);
  }

  #gone(stream: Stream): void {
    const at = this.#waiting.findIndex((waiting) => waiting.stream === stream);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#attached?.stream === stream) {
      for (const open of this.#attached.open.values()) open.reject(new Error("the stream ended before the report"));
      this.#attached = undefined;
    }
    this.#lease();
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}

function raise(what: string): never {
  throw new Error(what);
}

function tokenOf(fence: bigint): Buffer {
  return Buffer.from(`lease ${fence}`);
}

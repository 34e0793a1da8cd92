import { randomBytes } from "node:crypto";
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { encodeContent, Kind, renderFields, txDigestOf, type Field } from "@countersign/protocol";
import {
  ClaimedContent,
  ExecutionOutcome,
  ExecutionServiceBeginResponse,
  ExecutionServiceClaimNextResponse,
  ExecutionServiceClaimResponse,
  ExecutionServiceReportResponse,
  ExecutionServiceService,
  type ExecutionServiceBeginRequest,
  type ExecutionServiceClaimRequest,
  type ExecutionServiceReportRequest,
} from "@countersign/proto/node/core/v1/execution_service";
import { Field as WireField, State } from "@countersign/proto/node/core/v1/content";

type Stream = ServerWritableStream<unknown, ExecutionServiceClaimNextResponse>;
/** What is wrong with an offer. */
type Spoilt = "payee" | "digest" | "claim";

const L = {
  AMOUNT: 1,
  TO: 2,
  ACCOUNT: 3,
  BANK: 4,
  REFERENCE: 5,
  TOTAL: 9,
  COUNT: 10,
  PAYMENT: 11,
  ACTION: 12,
  DIGEST: 28,
  REPEAT: 30,
} as const;

/** The core as an executor sees it: offers what the test puts in, checks token, digest and fence, notes what was called. */
export class FakeExecution {
  address = "";
  readonly #server = new Server();
  readonly #token: string;
  /** Reports that get no answer: the bank is killed, or the core goes away, while it waits. */
  silentReports = 0;
  readonly #offers = new Map<
    string,
    { offered: ClaimedContent; claimed: ClaimedContent; trace: string[]; detail: string }
  >();
  readonly #streams = new Set<Stream>();
  #opened = 0;
  readonly #waiting: { readonly done: () => boolean; readonly resolve: () => void }[] = [];

  constructor(token: string) {
    this.#token = token;
  }

  async start(): Promise<this> {
    this.#server.addService(ExecutionServiceService, {
      claimNext: (stream: Stream) => this.#attach(stream),
      claim: this.#unary((request: ExecutionServiceClaimRequest) => this.#claim(request)),
      begin: this.#unary((request: ExecutionServiceBeginRequest) => {
        this.#note(request.transactionId, `begin ${request.fence}`);
        return ExecutionServiceBeginResponse.create({ lease: { fence: request.fence, until: undefined } });
      }),
      report: this.#unary((request: ExecutionServiceReportRequest) => {
        const [name] = Object.entries(ExecutionOutcome).find(([, value]) => value === request.outcome) ?? [];
        const offer = this.#offers.get(request.transactionId);
        if (offer !== undefined) offer.detail = request.detail;
        this.#note(request.transactionId, `report ${name} ${request.fence}`);
        if (this.silentReports > 0) {
          this.silentReports -= 1;
          return undefined;
        }
        return ExecutionServiceReportResponse.create({ state: State.EXECUTED });
      }),
      renew: this.#unary(() => ({})),
      resolve: this.#unary(() => ({})),
    });
    this.address = await new Promise<string>((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
      );
    });
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  offerPayment(payee: string, spoilt?: Spoilt): string {
    return this.#offer(Kind.PAY, paymentTo(payee), spoilt);
  }

  /** A payment out of a file of this digest; `repeat`: the user confirmed that it is meant twice. */
  offerFile(digest: Uint8Array, payee: string, repeat = false): string {
    const shown: Field = { label: L.DIGEST, value: { type: "digest", digest } };
    const again: Field = { label: L.REPEAT, value: { type: "text", text: "of AMBER TIGER, 2026-11-30 14:31 UTC" } };
    return this.#offer(Kind.PAY, [...paymentTo(payee), shown, ...(repeat ? [again] : [])]);
  }

  offerBatch(): string {
    const first = { currency: "EUR", minorUnits: 100n };
    const second = { currency: "USD", minorUnits: 40000n };
    const iban = { iban: "DE89370400440532013000" };
    return this.#offer(Kind.PAY, [
      { label: L.PAYMENT, value: { type: "payment", amount: first, account: iban, payee: "Anna" } },
      {
        label: L.PAYMENT,
        value: { type: "payment", amount: second, account: { other: "0045612398" }, payee: "Björn" },
      },
      { label: L.BANK, value: { type: "text", text: "CHASUS33XXX" } },
      { label: L.TOTAL, value: { type: "amount", amount: first } },
      { label: L.TOTAL, value: { type: "amount", amount: second } },
      { label: L.COUNT, value: { type: "count", count: 2 } },
    ]);
  }

  offerApproval(): string {
    return this.#offer(Kind.APPROVE, [{ label: L.ACTION, value: { type: "text", text: "Open the gate" } }]);
  }

  /** Of the last report. */
  detail(id: string): string {
    return this.#offers.get(id)?.detail ?? "";
  }

  offerAgain(id: string): void {
    const offer = this.#offers.get(id);
    for (const stream of this.#streams)
      stream.write(ExecutionServiceClaimNextResponse.create({ offered: offer?.offered }));
  }

  trace(id: string): readonly string[] {
    return this.#offers.get(id)?.trace ?? [];
  }

  /** Resolves once it was reported so often. */
  reported(id: string, times = 1): Promise<void> {
    return this.#until(() => this.trace(id).filter((line) => line.startsWith("report")).length >= times);
  }

  /** Resolves once so many streams were opened in all. */
  attached(times: number): Promise<void> {
    return this.#until(() => this.#opened >= times);
  }

  breakStreams(): void {
    for (const stream of this.#streams) stream.emit("error", { code: status.UNAVAILABLE, details: "restart" });
    this.#streams.clear();
  }

  #offer(kind: Kind, fields: Field[], spoilt?: Spoilt): string {
    const transactionId = randomBytes(16).toString("hex");
    const content = encodeContent({ version: 1, issuer: "Acme Bank", kind, lines: renderFields(kind, fields) });
    const txDigest = Buffer.from(txDigestOf(content));
    const good = {
      transactionId,
      userId: "ada",
      kind,
      fields: wireFields(fields),
      content: Buffer.from(content),
      txDigest,
    };
    const bad = { ...good, fields: wireFields(paymentTo("Mallory Ltd")) };
    const offered = spoilt === "payee" ? bad : spoilt === "digest" ? { ...good, txDigest: Buffer.alloc(32) } : good;
    this.#offers.set(transactionId, {
      offered: ClaimedContent.create(offered),
      claimed: ClaimedContent.create(spoilt === "claim" ? bad : good),
      trace: [],
      detail: "",
    });
    this.offerAgain(transactionId);
    return transactionId;
  }

  #attach(stream: Stream): void {
    if (!this.#authentic(stream.metadata)) return void stream.emit("error", { code: status.UNAUTHENTICATED });
    this.#streams.add(stream);
    stream.on("cancelled", () => this.#streams.delete(stream));
    for (const { offered } of this.#offers.values())
      stream.write(ExecutionServiceClaimNextResponse.create({ offered }));
    this.#opened += 1;
    this.#wake();
  }

  #claim(request: ExecutionServiceClaimRequest): ExecutionServiceClaimResponse {
    const offer = this.#offers.get(request.transactionId);
    if (offer === undefined || !offer.claimed.txDigest.equals(request.txDigest)) throw new Error("STATE_CONFLICT");
    this.#note(request.transactionId, `claim ${request.claimId}${request.idempotent ? " idempotent" : ""}`);
    return ExecutionServiceClaimResponse.create({ lease: { fence: 1n, until: undefined }, claimed: offer.claimed });
  }

  #note(id: string, line: string): void {
    this.#offers.get(id)?.trace.push(line);
    this.#wake();
  }

  #authentic(metadata: Metadata): boolean {
    return metadata.get("authorization")[0] === `Bearer ${this.#token}`;
  }

  #unary<Request, Response>(answer: (request: Request) => Response) {
    return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
      if (!this.#authentic(call.metadata)) return callback({ code: status.UNAUTHENTICATED });
      try {
        const response = answer(call.request);
        if (response !== undefined) callback(null, response);
      } catch (error) {
        callback({ code: status.FAILED_PRECONDITION, details: String(error) });
      }
    };
  }

  #until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ done, resolve });
      this.#wake();
    });
  }

  #wake(): void {
    for (const waiter of this.#waiting) if (waiter.done()) waiter.resolve();
  }
}

function paymentTo(payee: string): Field[] {
  return [
    { label: L.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125000n } } },
    { label: L.TO, value: { type: "text", text: payee } },
    { label: L.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
    { label: L.REFERENCE, value: { type: "text", text: "Invoice 2026-114" } },
  ];
}

function wireFields(fields: readonly Field[]): WireField[] {
  return fields.map((field) => WireField.create({ label: field.label, value: wireValue(field) }));
}

function wireValue({ value }: Field): WireField["value"] {
  switch (value.type) {
    case "text":
      return { $case: "text", value: value.text };
    case "amount":
      return { $case: "amount", value: wireAmount(value.amount) };
    case "account":
      return { $case: "account", value: wireAccount(value.account) };
    case "payment":
      return {
        $case: "payment",
        value: { amount: wireAmount(value.amount), account: wireAccount(value.account), payee: value.payee },
      };
    case "count":
      return { $case: "count", value: value.count };
    case "date":
      return { $case: "date", value: value.date };
    case "digest":
      return { $case: "digest", value: Buffer.from(value.digest) };
  }
}

function wireAmount(amount: { currency: string; minorUnits: bigint }): { currency: string; minorUnits: string } {
  return { currency: amount.currency, minorUnits: amount.minorUnits.toString() };
}

function wireAccount(account: { iban: string } | { other: string } | { notGiven: true }): { id: never } {
  const id =
    "iban" in account
      ? { $case: "iban", value: account.iban }
      : "other" in account
        ? { $case: "other", value: account.other }
        : { $case: "notGiven", value: true };
  return { id: id as never };
}

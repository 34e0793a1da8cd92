import { randomBytes } from "node:crypto";
import type { WebService } from "@countersign/web-bridge";
import {
  Server,
  status,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { encodeContent, Label, renderFields, tagOf, toHex, txDigestOf, type Field } from "@countersign/protocol";
import {
  CodeServiceGetDeliveryResponse,
  CodeServiceService,
  CodeServiceWatchDeliveryResponse,
  DeliveryState,
  type CodeServiceWatchDeliveryRequest,
  type DeliveryAttempt,
} from "@countersign/proto/node/core/v1/code_service";
import {
  ConfirmationClass,
  ConfirmationServiceService,
  ConfirmationServiceWatchResponse,
  ConfirmationServiceWithdrawResponse,
} from "@countersign/proto/node/core/v1/confirmation_service";
import { Mode, State } from "@countersign/proto/node/core/v1/content";
import { ReceiptServiceGetResponse, ReceiptServiceService } from "@countersign/proto/node/core/v1/receipt_service";
import {
  Transaction,
  TransactionServiceCancelResponse,
  TransactionServiceCreateResponse,
  TransactionServiceGetResponse,
  TransactionServiceListResponse,
  TransactionServiceService,
  TransactionServiceWatchResponse,
  type TransactionServiceCreateRequest,
} from "@countersign/proto/node/core/v1/transaction_service";
import {
  VerificationServiceService,
  VerificationServiceSubmitAssertionResponse,
  VerificationServiceSubmitStatementResponse,
  type VerificationServiceSubmitAssertionRequest,
} from "@countersign/proto/node/core/v1/verification_service";
import { fidoRequestOf, judgeAssertion } from "./fake-assertion.ts";
import { bind } from "./fake-daemon.ts";
import { judgeStatement, refusedAs, type Finding } from "./fake-finding.ts";
import { addIdentityServices, type IdentityHandlers } from "./fake-identity.ts";
import { fakeReceipt } from "./fake-receipt.ts";
import { classOf, confirmationOf, isOver, type Held, type Watcher } from "./fake-state.ts";
import { FakeWire, service, unimplemented } from "./fake-wire.ts";
import { fakeStatusError, type FakeError } from "./status-error.ts";
import { TestKey } from "./test-key.ts";
import { fromWireField } from "./from-wire-field.ts";

export const APP_TOKEN = "cs_app_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
export const GRANT_TOKEN = "cs_grant_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
export const CODE = "482915";
const ISSUER = "Acme Bank";

/** How the fake's relying party carries out what is confirmed. */
export type Executor = "execute" | "fail" | "unknown" | "none";

/** A core for tests: it really renders, compares digests and verifies statements; what is rare is scripted. */
export class FakeCore {
  readonly serverId: string = randomBytes(16).toString("hex");
  readonly receiptKey: TestKey = new TestKey();
  readonly held: Map<string, Held> = new Map();
  executor: Executor = "execute";
  /** Of what is created from now on. */
  lifetimeS = 140n;
  /** Fields that malware put into Create on the way. */
  alter: ((fields: Field[]) => Field[]) | undefined;
  /** Changes the receipt on its way out. */
  alterReceipt: ((json: Uint8Array) => Uint8Array) | undefined;
  /** The key that the user enrolled. */
  userKey: TestKey | undefined;
  /** Further ones of his, which this PC does not have. */
  otherKeyIds: readonly string[] = [];
  deliveryState: DeliveryState = DeliveryState.SENT;
  /** What GetDelivery and WatchDelivery tell instead; the stream breaks once after as many events as `deliveryBreaks`. */
  deliveries: DeliveryAttempt[] | undefined;
  deliveryBreaks = 0;
  watches = 0;
  submits = 0;
  address = "";
  /** All that it serves, for a second way to it (`serveWeb`). */
  readonly services: WebService[] = [];
  readonly #watching: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly #server = new Server();
  readonly #wire: FakeWire = new FakeWire((token) => this.#knows(token));

  /** Answers to give instead, once each, by method name (`create`, `submitStatement`, ...). */
  get errors(): Map<string, FakeError[]> {
    return this.#wire.errors;
  }

  async start(): Promise<this> {
    const wire = this.#wire;
    this.#add(
      TransactionServiceService,
      service({
        create: wire.unary("create", (request: TransactionServiceCreateRequest) => this.#create(request)),
        get: wire.unary("get", (request: ById) => {
          return TransactionServiceGetResponse.create({ transaction: this.#of(request).transaction });
        }),
        list: wire.unary("list", () => {
          const transactions = [...this.held.values()].map((held) => held.transaction);
          return TransactionServiceListResponse.create({ transactions });
        }),
        watch: wire.push<ById>((request, call) => {
          this.#watch(this.#of(request), call, ({ transaction }) => {
            return TransactionServiceWatchResponse.create({ transaction, cursor: String(transaction.version) });
          });
        }),
        cancel: wire.unary("cancel", (request: ById) => this.#cancel(this.#of(request))),
        ...{ createGrant: unimplemented, veto: unimplemented },
      }),
    );
    this.#add(
      VerificationServiceService,
      service({
        submitStatement: wire.unary("submitStatement", (request: Submitted, call) => this.#submit(request, call)),
        submitAssertion: wire.unary("submitAssertion", (request: VerificationServiceSubmitAssertionRequest, call) =>
          this.#submitAssertion(request, call),
        ),
      }),
    );
    this.#add(
      ConfirmationServiceService,
      service({
        watch: wire.push<unknown>((_request, call) => {
          this.#watch(this.#byToken(call), call, ({ transaction: { state, version, keyIds } }) => {
            return ConfirmationServiceWatchResponse.create({
              class: classOf(state),
              cursor: String(version),
              keyIds: [...keyIds],
            });
          });
        }),
        withdraw: wire.unary("withdraw", (_request, call) => this.#withdraw(this.#byToken(call))),
        get: wire.unary("getConfirmation", (_request, call) => confirmationOf(this.#byToken(call))),
        resend: unimplemented,
      }),
    );
    this.#addReceiptServices();
    addIdentityServices((definition, methods) => this.#add(definition, methods), wire, this.identity);
    this.address = `127.0.0.1:${await bind(this.#server, "127.0.0.1:0")}`;
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  /** One more service at the same address, such as an administrators' one that a test has made itself. */
  serve(definition: ServiceDefinition, methods: Readonly<Record<string, unknown>>): void {
    this.#add(definition, methods as never);
  }

  /** The only transaction so far. */
  get only(): Held {
    const [held] = this.held.values();
    if (held === undefined) throw new Error("nothing was created");
    return held;
  }

  /** Moves it on and tells the watchers. */
  change(held: Held, change: Partial<Transaction>): void {
    held.transaction = { ...held.transaction, ...change, version: held.transaction.version + 1n };
    for (const watcher of held.watchers) watcher();
  }

  /** Resolves when `count` watches have been opened in all. */
  watchedTimes(count: number): Promise<void> {
    return new Promise((resolve) => (this.watches >= count ? resolve() : this.#watching.push({ count, resolve })));
  }

  /** Breaks every open watch, as a restart does. */
  breakWatches(): void {
    for (const held of this.held.values()) for (const watcher of [...held.watchers]) watcher.break();
  }

  #add(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    this.#server.addService(definition, implementation);
    this.services.push({ definition, implementation });
  }

  /** Handlers of the services about users, keys and links by name (`key.list`); set by the tests that need them. */
  readonly identity: IdentityHandlers = {};

  #addReceiptServices(): void {
    this.#add(
      ReceiptServiceService,
      service({
        get: this.#wire.unary("receipt", (request: ById) => this.#receipt(this.#of(request))),
        getVerificationKeys: this.#wire.unary("getVerificationKeys", () => {
          return { serverId: this.serverId, publicKeys: [Buffer.from(this.receiptKey.coseKey)] };
        }),
      }),
    );
    const getDelivery = this.#wire.unary("getDelivery", (request: ById) => {
      this.#of(request);
      return this.#delivery();
    });
    const watchDelivery = this.#wire.stream((request) =>
      this.#watchDelivery(request as CodeServiceWatchDeliveryRequest),
    );
    this.#add(CodeServiceService, service({ getDelivery, watchDelivery, resend: unimplemented }));
  }

  #knows(token: string): boolean {
    const known = token === APP_TOKEN || token === GRANT_TOKEN;
    return known || [...this.held.values()].some((held) => held.token === token);
  }

  #of(request: ById): Held {
    const held = this.held.get(request.transactionId);
    if (held === undefined) throw fakeStatusError({ code: status.NOT_FOUND, reason: "UNKNOWN_TRANSACTION" });
    return held;
  }

  #byToken(call: { readonly metadata: { get(name: string): unknown[] } }): Held {
    const token = this.#wire.tokenOf(call);
    const held = [...this.held.values()].find((one) => one.token === token);
    if (held === undefined) throw fakeStatusError({ code: status.PERMISSION_DENIED, reason: "NOT_CONFIRMED" });
    return held;
  }

  #create(request: TransactionServiceCreateRequest): TransactionServiceCreateResponse {
    const again = [...this.held.values()].find((held) => held.requestId === request.requestId);
    const held = again ?? this.#freeze(request);
    return TransactionServiceCreateResponse.create({ transaction: held.transaction, confirmationToken: held.token });
  }

  #freeze(request: TransactionServiceCreateRequest): Held {
    const given = request.fields.map(fromWireField);
    const fields = this.alter?.(given) ?? given;
    if (request.payloadSha256.length > 0) {
      fields.push({ label: Label.DIGEST, value: { type: "digest", digest: Uint8Array.from(request.payloadSha256) } });
    }
    if (request.repeatOf !== "")
      fields.push({ label: Label.REPEAT, value: { type: "text", text: "of AMBER TIGER, 2026-11-30 14:31 UTC" } });
    const lines = renderFields(request.kind as never, fields);
    return this.hold({ kind: request.kind, lines, userId: request.userId }, request.requestId);
  }

  /** Freezes a transaction, as Create does; also for kinds of the core. */
  hold(what: Pick<Transaction, "kind" | "lines" | "userId">, requestId = ""): Held {
    const content = encodeContent({ version: 1, issuer: ISSUER, kind: what.kind as never, lines: what.lines as never });
    const [id, nonce, now] = [
      Uint8Array.from(randomBytes(16)),
      Uint8Array.from(randomBytes(32)),
      BigInt(1_795_000_000),
    ];
    const txDigest = txDigestOf(content);
    const transaction = Transaction.create({
      ...{ ...what, transactionId: toHex(id), serverId: this.serverId, nonce: Buffer.from(nonce), contentVersion: 1 },
      ...{ issuerName: ISSUER, txDigest: Buffer.from(txDigest), tag: tagOf(id, nonce, txDigest), mode: Mode.B },
      ...{
        state: State.PENDING,
        triesLeft: 3,
        version: 1n,
        keyIds: this.userKey === undefined ? [] : [toHex(this.userKey.keyId), ...this.otherKeyIds],
        fido: fidoRequestOf(this.userKey),
      },
      ...{ createdAt: { seconds: now, nanos: 0 }, expiresAt: { seconds: now + this.lifetimeS, nanos: 0 } },
    });
    const token = `cs_conf_${randomBytes(24).toString("base64url")}`;
    const held: Held = {
      transaction,
      content,
      requestId,
      token,
      watchers: new Set(),
      statement: undefined,
      attempts: 0,
    };
    this.held.set(transaction.transactionId, held);
    return held;
  }

  #submit(request: Submitted, call: AnyCall): unknown {
    const exact = this.#isApp(call);
    const held = this.#judged(request, exact, (of) => judgeStatement(request.signedStatement, this.userKey, of, CODE));
    setImmediate(() => this.#execute(held));
    return VerificationServiceSubmitStatementResponse.create(exact ? { transaction: held.transaction } : {});
  }

  #submitAssertion(request: VerificationServiceSubmitAssertionRequest, call: AnyCall): unknown {
    const exact = this.#isApp(call);
    const held = this.#judged(request, exact, ({ content }) => judgeAssertion(request, this.userKey, content, CODE));
    return VerificationServiceSubmitAssertionResponse.create(exact ? { transaction: held.transaction } : {});
  }

  #isApp(call: AnyCall): boolean {
    return this.#wire.tokenOf(call) === APP_TOKEN;
  }

  #judged(request: ById, exact: boolean, judge: (held: Held) => Finding): Held {
    this.submits += 1;
    const held = this.#of(request);
    const found = judge(held);
    if (found instanceof Uint8Array) {
      held.statement = found;
      this.change(held, { state: State.CONFIRMED });
      return held;
    }
    if (typeof found === "object") {
      this.change(held, { state: State.REJECTED, rejectReason: found.rejectReason, rejectedOnKey: true });
      throw refusedAs("REJECTED", exact);
    }
    if (found === "TAMPERED") this.change(held, { state: State.TAMPERED, reason: "TAMPERED" });
    if (found === "WRONG_CODE" && ++held.attempts >= 3) {
      this.change(held, { state: State.LOCKED, reason: "LOCKED" });
      throw refusedAs("LOCKED", exact);
    }
    throw refusedAs(found, exact);
  }

  /** One of the keys is gone; with the last one the transaction ends, as in a core. */
  revoke(held: Held, keyId: string): void {
    const keyIds = held.transaction.keyIds.filter((one) => one !== keyId);
    const ended = { state: State.CANCELLED, outcomeDetail: "every key that could sign it was revoked" };
    this.change(held, { keyIds, ...(keyIds.length === 0 ? ended : {}) });
  }

  #execute(held: Held): void {
    if (this.executor === "none") return;
    this.change(held, { state: State.EXECUTING });
    if (this.executor === "execute") this.change(held, { state: State.EXECUTED, outcomeDetail: "ref 1" });
    if (this.executor === "fail") this.change(held, { state: State.EXECUTION_FAILED, outcomeDetail: "account closed" });
    if (this.executor === "unknown") this.change(held, { state: State.EXECUTION_UNKNOWN });
  }

  #cancel(held: Held): unknown {
    const open = held.transaction.state === State.PENDING || held.transaction.state === State.CONFIRMED;
    if (!open && held.transaction.state !== State.CANCELLED) {
      throw fakeStatusError({ code: status.FAILED_PRECONDITION, reason: "STATE_CONFLICT" });
    }
    if (open) this.change(held, { state: State.CANCELLED });
    return TransactionServiceCancelResponse.create({ transaction: held.transaction });
  }

  #withdraw(held: Held): unknown {
    if (held.transaction.state === State.PENDING) this.change(held, { state: State.CANCELLED });
    return ConfirmationServiceWithdrawResponse.create({ class: ConfirmationClass.ENDED });
  }

  #receipt(held: Held): unknown {
    const json = fakeReceipt(held, this.serverId, this.receiptKey, this.userKey);
    return ReceiptServiceGetResponse.create({ receipt: Buffer.from(this.alterReceipt?.(json) ?? json) });
  }

  #delivery(): unknown {
    return CodeServiceGetDeliveryResponse.create({
      attempts: this.deliveries ?? [{ platform: "telegram", state: this.deliveryState, issue: 1 }],
    });
  }

  async *#watchDelivery(request: CodeServiceWatchDeliveryRequest): AsyncGenerator<unknown, void> {
    this.#of(request);
    const events = (this.deliveries ?? []).flatMap((attempt) => attempt.events);
    for (let told = Number(request.cursor); told < events.length; told += 1) {
      if (this.deliveryBreaks > 0 && told === this.deliveryBreaks) {
        this.deliveryBreaks = 0;
        throw fakeStatusError({ code: status.UNAVAILABLE });
      }
      const event = events[told];
      yield CodeServiceWatchDeliveryResponse.create({ ...(event && { event }), cursor: String(told + 1) });
    }
  }

  #watch<Request>(held: Held, call: ServerWritableStream<Request, unknown>, message: (held: Held) => unknown): void {
    this.watches += 1;
    for (const waiter of this.#watching) if (this.watches >= waiter.count) waiter.resolve();
    const tell = (): void => {
      call.write(message(held));
      if (isOver(held.transaction.state)) call.end();
    };
    const watcher: Watcher = Object.assign(tell, {
      break: () => {
        held.watchers.delete(watcher);
        call.emit("error", fakeStatusError({ code: status.UNAVAILABLE }));
      },
    });
    held.watchers.add(watcher);
    call.on("cancelled", () => held.watchers.delete(watcher));
    tell();
  }
}

type ById = { readonly transactionId: string };
type AnyCall = ServerUnaryCall<unknown, unknown>;
type Submitted = ById & { readonly signedStatement: Uint8Array };

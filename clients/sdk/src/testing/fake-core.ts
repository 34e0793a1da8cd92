import { randomBytes } from "node:crypto";
import { Server, status, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from "@grpc/grpc-js";
import {
  codeProofOf,
  Decision,
  decodeStatement,
  encodeContent,
  equalBytes,
  importPublicKey,
  Label,
  parseSigned,
  renderFields,
  SignatureType,
  tagOf,
  toHex,
  txDigestOf,
  verifySigned,
  type Field,
} from "@countersign/protocol";
import {
  CodeServiceGetDeliveryResponse,
  CodeServiceService,
  DeliveryState,
} from "@countersign/proto/node/core/v1/code_service";
import {
  ConfirmationClass,
  ConfirmationServiceService,
  ConfirmationServiceWatchResponse,
  ConfirmationServiceWithdrawResponse,
} from "@countersign/proto/node/core/v1/confirmation_service";
import { Mode, State } from "@countersign/proto/node/core/v1/content";
import { KeyServiceService } from "@countersign/proto/node/core/v1/key_service";
import { LinkServiceService } from "@countersign/proto/node/core/v1/link_service";
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
import { UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import {
  VerificationServiceService,
  VerificationServiceSubmitStatementResponse,
} from "@countersign/proto/node/core/v1/verification_service";
import { bind } from "./fake-daemon.ts";
import { fakeReceipt } from "./fake-receipt.ts";
import { fakeStatusError, type FakeError } from "./status-error.ts";
import { TestKey } from "./test-key.ts";
import { fromWireField } from "./from-wire-field.ts";

export const APP_TOKEN = "cs_app_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
export const GRANT_TOKEN = "cs_grant_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
export const CODE = "482915";
const ISSUER = "Acme Bank";

/** How the fake's relying party carries out what is confirmed. */
export type Executor = "execute" | "fail" | "unknown" | "none";

type Handler = (call: never, answer: never) => void;

interface Held {
  transaction: Transaction;
  readonly content: Uint8Array;
  readonly requestId: string;
  readonly token: string;
  readonly watchers: Set<() => void>;
  statement: Uint8Array | undefined;
  attempts: number;
}

/** A core for tests: it really renders, compares digests and verifies statements; what is rare is scripted. */
export class FakeCore {
  readonly serverId: string = randomBytes(16).toString("hex");
  readonly receiptKey: TestKey = new TestKey();
  readonly held: Map<string, Held> = new Map();
  /** Answers to give instead, once each, by method name (`create`, `submitStatement`, ...). */
  readonly errors: Map<string, FakeError[]> = new Map();
  executor: Executor = "execute";
  /** Fields that malware put into Create on the way. */
  alter: ((fields: Field[]) => Field[]) | undefined;
  /** Changes the receipt on its way out. */
  alterReceipt: ((json: Uint8Array) => Uint8Array) | undefined;
  /** The key that the user enrolled. */
  userKey: TestKey | undefined;
  deliveryState: DeliveryState = DeliveryState.SENT;
  watches = 0;
  submits = 0;
  address = "";
  readonly #server = new Server();

  async start(): Promise<this> {
    const service = (methods: Record<string, Handler>): never => methods as never;
    this.#server.addService(
      TransactionServiceService,
      service({
        create: this.#unary("create", (request) => this.#create(request as TransactionServiceCreateRequest)),
        get: this.#unary("get", (request) =>
          TransactionServiceGetResponse.create({ transaction: this.#of(request).transaction }),
        ),
        list: this.#unary("list", () =>
          TransactionServiceListResponse.create({
            transactions: [...this.held.values()].map((held) => held.transaction),
          }),
        ),
        watch: this.#watchHandler((held) =>
          TransactionServiceWatchResponse.create({
            transaction: held.transaction,
            cursor: String(held.transaction.version),
          }),
        ),
        cancel: this.#unary("cancel", (request) => this.#cancel(this.#of(request))),
        createGrant: this.#unimplemented,
        veto: this.#unimplemented,
      }),
    );
    this.#server.addService(
      VerificationServiceService,
      service({
        submitStatement: this.#unary("submitStatement", (request, call) => this.#submit(request as never, call)),
      }),
    );
    this.#server.addService(
      ConfirmationServiceService,
      service({
        watch: this.#watchHandler((held) =>
          ConfirmationServiceWatchResponse.create({
            class: classOf(held.transaction.state),
            cursor: String(held.transaction.version),
          }),
        ),
        withdraw: this.#unary("withdraw", (_request, call) => this.#withdraw(this.#byToken(call))),
        get: this.#unimplemented,
        resend: this.#unimplemented,
      }),
    );
    this.#server.addService(
      ReceiptServiceService,
      service({
        get: this.#unary("receipt", (request) => this.#receipt(this.#of(request))),
        getVerificationKeys: this.#unary("getVerificationKeys", () => ({
          serverId: this.serverId,
          publicKeys: [Buffer.from(this.receiptKey.coseKey)],
        })),
      }),
    );
    this.#server.addService(
      CodeServiceService,
      service({ getDelivery: this.#unary("getDelivery", () => this.#delivery()), resend: this.#unimplemented }),
    );
    this.#addIdentityServices(service);
    this.address = `127.0.0.1:${await bind(this.#server, "127.0.0.1:0")}`;
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
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

  /** Breaks every open watch, as a restart does. */
  breakWatches(): void {
    for (const held of this.held.values()) for (const watcher of [...held.watchers]) (watcher as Breakable).break();
  }

  /** Handlers of the services about users, keys and links; replaced by the tests that need them. */
  readonly identity: Record<string, (request: never) => unknown> = {};

  #addIdentityServices(service: (methods: Record<string, Handler>) => never): void {
    const definitions = { key: KeyServiceService, link: LinkServiceService, user: UserServiceService };
    for (const [prefix, definition] of Object.entries(definitions)) {
      const methods = Object.entries(definition).map(([name, { responseStream }]): [string, Handler] => {
        const full = `${prefix}.${name}`;
        return [
          name,
          responseStream ? this.#streamOf(full) : this.#unary(full, (request) => this.#identityAnswer(full, request)),
        ];
      });
      this.#server.addService(definition, service(Object.fromEntries(methods)));
    }
  }

  #identityAnswer(name: string, request: unknown): unknown {
    const handler = this.identity[name];
    if (handler === undefined) throw fakeStatusError({ code: status.UNIMPLEMENTED, reason: name });
    return handler(request as never);
  }

  #streamOf(name: string): Handler {
    return ((call: ServerWritableStream<unknown, unknown>) => {
      void (async () => {
        for await (const message of this.#identityAnswer(name, call.request) as AsyncIterable<unknown>)
          call.write(message);
        call.end();
      })();
    }) as Handler;
  }

  #unary(name: string, answer: (request: unknown, call: ServerUnaryCall<unknown, unknown>) => unknown): Handler {
    return ((call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => {
      try {
        const error = this.errors.get(name)?.shift();
        if (error !== undefined) throw fakeStatusError(error);
        this.#authenticate(call);
        callback(null, answer(call.request, call));
      } catch (error) {
        callback(error as never);
      }
    }) as Handler;
  }

  readonly #unimplemented = ((_call: unknown, answer: (error: unknown) => void) =>
    answer(fakeStatusError({ code: status.UNIMPLEMENTED }))) as Handler;

  #authenticate(call: { readonly metadata: { get(name: string): unknown[] } }): string {
    const [header] = call.metadata.get("authorization");
    const token = typeof header === "string" ? header.replace(/^Bearer /, "") : "";
    const known =
      token === APP_TOKEN || token === GRANT_TOKEN || [...this.held.values()].some((held) => held.token === token);
    if (!known) throw fakeStatusError({ code: status.UNAUTHENTICATED, reason: "UNAUTHENTICATED" });
    return token;
  }

  #of(request: unknown): Held {
    const held = this.held.get((request as { transactionId: string }).transactionId);
    if (held === undefined) throw fakeStatusError({ code: status.NOT_FOUND, reason: "UNKNOWN_TRANSACTION" });
    return held;
  }

  #byToken(call: { readonly metadata: { get(name: string): unknown[] } }): Held {
    const token = this.#authenticate(call);
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
        keyIds: this.userKey === undefined ? [] : [toHex(this.userKey.keyId)],
      },
      ...{ createdAt: { seconds: now, nanos: 0 }, expiresAt: { seconds: now + 140n, nanos: 0 } },
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

  #submit(
    request: { transactionId: string; signedStatement: Uint8Array },
    call: ServerUnaryCall<unknown, unknown>,
  ): unknown {
    this.submits += 1;
    const held = this.#of(request);
    const exact = this.#authenticate(call) === APP_TOKEN;
    const refuse = (code: status, reason: string, coarse: [status, string]): never => {
      throw fakeStatusError(exact ? { code, reason } : { code: coarse[0], reason: coarse[1] });
    };
    const message = parseSigned(Uint8Array.from(request.signedStatement));
    const key = this.userKey;
    if (key === undefined || !verifySigned(message, SignatureType.STATEMENT, importPublicKey(key.coseKey))) {
      return refuse(status.PERMISSION_DENIED, "BAD_SIGNATURE", [status.ABORTED, "TRY_AGAIN"]);
    }
    if (held.transaction.state !== State.PENDING) return refuse(status.FAILED_PRECONDITION, "STATE_CONFLICT", ENDED);
    const statement = decodeStatement(message.payload);
    if (!equalBytes(statement.txDigest, txDigestOf(held.content))) {
      this.change(held, { state: State.TAMPERED, reason: "TAMPERED" });
      return refuse(status.FAILED_PRECONDITION, "TAMPERED", [status.FAILED_PRECONDITION, "TAMPERED"]);
    }
    if (statement.decision === Decision.REJECT) {
      this.change(held, { state: State.REJECTED, rejectReason: statement.reason ?? 0, rejectedOnKey: true });
      return refuse(status.FAILED_PRECONDITION, "REJECTED", ENDED);
    }
    const proof = codeProofOf(statement.nonce, statement.txDigest, CODE);
    if (statement.codeProof === undefined || !equalBytes(statement.codeProof, proof))
      return this.#wrongCode(held, refuse);
    held.statement = Uint8Array.from(request.signedStatement);
    this.change(held, { state: State.CONFIRMED });
    setImmediate(() => this.#execute(held));
    return VerificationServiceSubmitStatementResponse.create(exact ? { transaction: held.transaction } : {});
  }

  #wrongCode(held: Held, refuse: (code: status, reason: string, coarse: [status, string]) => never): never {
    held.attempts += 1;
    if (held.attempts < 3) return refuse(status.PERMISSION_DENIED, "WRONG_CODE", [status.ABORTED, "TRY_AGAIN"]);
    this.change(held, { state: State.LOCKED, reason: "LOCKED" });
    return refuse(status.FAILED_PRECONDITION, "LOCKED", ENDED);
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
      attempts: [{ platform: "telegram", state: this.deliveryState, reason: "", issue: 1, at: undefined }],
    });
  }

  #watchHandler(message: (held: Held) => unknown): Handler {
    return ((call: ServerWritableStream<{ transactionId?: string; cursor: string }, unknown>) => {
      this.watches += 1;
      const held = call.request.transactionId === undefined ? this.#byToken(call) : this.#of(call.request);
      const over = (): boolean =>
        [
          State.EXECUTED,
          State.EXECUTION_FAILED,
          State.REJECTED,
          State.TAMPERED,
          State.LOCKED,
          State.EXPIRED,
          State.CANCELLED,
          State.UNDELIVERABLE,
        ].some((state) => state === held.transaction.state);
      const tell: Breakable = Object.assign(
        () => {
          call.write(message(held));
          if (over()) call.end();
        },
        {
          break: () => (held.watchers.delete(tell), call.emit("error", fakeStatusError({ code: status.UNAVAILABLE }))),
        },
      );
      held.watchers.add(tell);
      call.on("cancelled", () => held.watchers.delete(tell));
      tell();
    }) as Handler;
  }
}

type Breakable = (() => void) & { break(): void };
const ENDED: [status, string] = [status.FAILED_PRECONDITION, "ENDED"];

function classOf(state: State): ConfirmationClass {
  switch (state) {
    case State.PENDING:
    case State.PARTIAL:
      return ConfirmationClass.WAITING;
    case State.CONFIRMED:
    case State.EXECUTING:
      return ConfirmationClass.CONFIRMED;
    case State.EXECUTED:
      return ConfirmationClass.EXECUTED;
    case State.TAMPERED:
      return ConfirmationClass.TAMPERED;
    case State.EXECUTION_UNKNOWN:
      return ConfirmationClass.UNKNOWN;
    default:
      return ConfirmationClass.ENDED;
  }
}

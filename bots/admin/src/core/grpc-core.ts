import {
  AdminServiceClient,
  AdminServiceListBotsRequest,
  AdminServiceListKeysRequest,
  AdminServiceListTenantsRequest,
  AdminServiceListTransactionsRequest,
  AdminServiceListUsersRequest,
  type Admin,
  type AdminServiceGetTransactionResponse,
  type Bot,
  type Tenant,
} from "@countersign/proto/node/admin/v1/admin_service";
import {
  AuditServiceClient,
  AuditServiceTailRequest,
  type AuditServiceTailResponse,
} from "@countersign/proto/node/admin/v1/audit_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import type { User } from "@countersign/proto/node/core/v1/user_service";
import { isLoopback, type Secret } from "@countersign/bot-kit";
import { credentials, Metadata, type CallOptions, type ClientUnaryCall, type ServiceError } from "@grpc/grpc-js";
import { CoreRefusal, type Core, type Found, type TransactionFilter } from "./core-port.ts";
import { refusalOf } from "./refusal-of.ts";

/** Where the core is, and with which token we come. */
export interface CoreGiven {
  /** `host:port`. */
  readonly address: string;
  /** No TLS: loopback only. */
  readonly plaintext: boolean;
  /** PEM; undefined: the machine's authorities. */
  readonly ca: Uint8Array | undefined;
  readonly token: Secret;
}

type Callback<Res> = (error: ServiceError | null, response: Res) => void;
type Unary<Req, Res> = (
  request: Req,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: Callback<Res>,
) => ClientUnaryCall;
type Rpc = Extract<keyof AdminServiceClient, string>;
type RequestOf<N extends Rpc> = AdminServiceClient[N] extends Unary<infer Req, infer _Res> ? Req : never;
type ResponseOf<N extends Rpc> = AdminServiceClient[N] extends (
  ...args: [never, Metadata, Partial<CallOptions>, Callback<infer Res>]
) => unknown
  ? Res
  : never;

const CALL_DEADLINE_MS = 10_000;
const PAGE = 100;
/** A list that goes on longer is told as far as it was read. */
const MOST_PAGES = 5;

/** The core over gRPC. */
export class GrpcCore implements Core {
  readonly #admin: AdminServiceClient;
  readonly #audit: AuditServiceClient;
  readonly #token: Secret;

  /** Throws when plain text would leave the machine. */
  constructor({ address, plaintext, ca, token }: CoreGiven) {
    if (plaintext && !isLoopback(address.replace(/:\d{1,5}$/, ""))) {
      throw new Error(`without TLS the core must be on this machine, such as 127.0.0.1:8701, not ${address}`);
    }
    const secure = credentials.createSsl(ca === undefined ? undefined : Buffer.from(ca));
    const channel = plaintext ? credentials.createInsecure() : secure;
    const options = {
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5_000,
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 5_000,
    };
    this.#admin = new AdminServiceClient(address, channel, options);
    this.#audit = new AuditServiceClient(address, channel, options);
    this.#token = token;
  }

  async whoAmI(): Promise<Admin> {
    const { admin } = await this.#call("whoAmI", {});
    return present(admin);
  }

  async tenants(): Promise<readonly Tenant[]> {
    const { items } = await this.#pages(async (pageToken) => {
      const request = AdminServiceListTenantsRequest.create({ pageSize: PAGE, pageToken });
      const { tenants, nextPageToken } = await this.#call("listTenants", request);
      return { items: tenants, nextPageToken };
    });
    return items;
  }

  async bots(tenantId: string): Promise<readonly Bot[]> {
    const { items } = await this.#pages(async (pageToken) => {
      const wanted = { tenantId, includeDisabled: true, pageSize: PAGE, pageToken };
      const { bots, nextPageToken } = await this.#call("listBots", AdminServiceListBotsRequest.create(wanted));
      return { items: bots, nextPageToken };
    });
    return onceEach(items, ({ botId }) => botId);
  }

  async transactions(tenantId: string, { states = [], tag = "" }: TransactionFilter): Promise<Found<Transaction>> {
    const { items, more } = await this.#pages(async (pageToken) => {
      const wanted = { tenantId, states: [...states], tag, pageSize: PAGE, pageToken };
      const request = AdminServiceListTransactionsRequest.create(wanted);
      const { transactions, nextPageToken } = await this.#call("listTransactions", request);
      return { items: transactions, nextPageToken };
    });
    return { items: onceEach(items, ({ transactionId }) => transactionId), more };
  }

  async transaction(tenantId: string, transactionId: string): Promise<AdminServiceGetTransactionResponse | undefined> {
    return unlessUnknown(this.#call("getTransaction", { tenantId, transactionId }));
  }

  async hasUser(tenantId: string, userId: string): Promise<boolean> {
    const request = AdminServiceListKeysRequest.create({ tenantId, userId, pageSize: 1 });
    return (await unlessUnknown(this.#call("listKeys", request))) !== undefined;
  }

  async usersBeginning(tenantId: string, userIdPrefix: string): Promise<readonly User[]> {
    const request = AdminServiceListUsersRequest.create({ tenantId, userIdPrefix, pageSize: 5 });
    return (await this.#call("listUsers", request)).users;
  }

  async freeze(tenantId: string, userId: string, onBehalf: string): Promise<User> {
    const { user } = await this.#call("freezeUser", { tenantId, userId }, onBehalf);
    return present(user);
  }

  async pause(tenantId: string, botId: string, onBehalf: string): Promise<Bot> {
    const { bot } = await this.#call("pauseBot", { tenantId, botId }, onBehalf);
    return present(bot);
  }

  tail(
    events: readonly string[],
    cursor: string,
    take: (message: AuditServiceTailResponse) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const request = AuditServiceTailRequest.create({ events: [...events], cursor });
    const stream = this.#audit.tail(request, this.#metadata());
    const abort = (): void => stream.cancel();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    return new Promise<void>((resolve, reject) => {
      stream.on("data", take);
      stream.on("end", resolve);
      stream.on("error", (error) => {
        if (signal.aborted) resolve();
        else reject(refusalOf(error));
      });
    }).finally(() => signal.removeEventListener("abort", abort));
  }

  close(): void {
    this.#admin.close();
    this.#audit.close();
  }

  #metadata(onBehalf?: string): Metadata {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${this.#token.reveal()}`);
    if (onBehalf !== undefined) metadata.set("countersign-on-behalf", onBehalf);
    return metadata;
  }

  #call<N extends Rpc>(rpc: N, request: RequestOf<N>, onBehalf?: string): Promise<ResponseOf<N>> {
    const stub = this.#admin as unknown as Readonly<Record<N, Unary<RequestOf<N>, ResponseOf<N>>>>;
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + CALL_DEADLINE_MS };
      stub[rpc](request, this.#metadata(onBehalf), options, (error, response) => {
        if (error === null) resolve(response);
        else reject(refusalOf(error));
      });
    });
  }

  async #pages<T>(
    page: (token: string) => Promise<{ readonly items: readonly T[]; readonly nextPageToken: string }>,
  ): Promise<Found<T>> {
    const items: T[] = [];
    let token = "";
    for (let i = 0; i < MOST_PAGES; i++) {
      const found = await page(token);
      items.push(...found.items);
      token = found.nextPageToken;
      if (token === "") break;
    }
    return { items, more: token !== "" };
  }
}

/** A list that changes between two of its pages may tell one thing on both. */
function onceEach<T>(items: readonly T[], idOf: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [idOf(item), item])).values()];
}

function present<T>(part: T | undefined): T {
  if (part === undefined) throw new CoreRefusal("MALFORMED_ANSWER");
  return part;
}

async function unlessUnknown<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const unknown = ["NOT_FOUND", "UNKNOWN_TRANSACTION", "BAD_INPUT"];
    if (error instanceof CoreRefusal && unknown.includes(error.reason)) return undefined;
    throw error;
  }
}

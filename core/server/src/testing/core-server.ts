// For tests: the real services of a world over loopback gRPC, and typed clients that answer promises.
import { credentials, Metadata, type CallOptions, type ClientReadableStream, type ServiceError } from "@grpc/grpc-js";
import { BadRequest, ErrorInfo } from "@countersign/proto/google/rpc/error_details";
import { Status } from "@countersign/proto/google/rpc/status";
import { ConfirmationServiceClient } from "@countersign/proto/node/core/v1/confirmation_service";
import { ExecutionServiceClient } from "@countersign/proto/node/core/v1/execution_service";
import { ReceiptServiceClient } from "@countersign/proto/node/core/v1/receipt_service";
import { TransactionServiceClient } from "@countersign/proto/node/core/v1/transaction_service";
import { VerificationServiceClient } from "@countersign/proto/node/core/v1/verification_service";
import { executionService } from "../execution/execution-service.ts";
import { receiptService } from "../receipt/receipt-service.ts";
import { serve, type Serving } from "../rpc/server.ts";
import { confirmationService } from "../transaction/confirmation-service.ts";
import { transactionService } from "../transaction/transaction-service.ts";
import { verificationService } from "../verification/verification-service.ts";
import type { CoreWorld } from "./core-world.ts";

type Unary<Req, Res> = (
  request: Req,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Res) => void,
) => unknown;
type RequestOf<F> = F extends Unary<infer Req, infer _Res> ? Req : never;
type ResponseOf<F> = F extends Unary<infer _Req, infer Res> ? Res : never;

/** Clients of one world's services. */
export class CoreClients {
  readonly transactions: TransactionServiceClient;
  readonly verification: VerificationServiceClient;
  readonly confirmation: ConfirmationServiceClient;
  readonly execution: ExecutionServiceClient;
  readonly receipts: ReceiptServiceClient;
  readonly #serving: Serving;

  private constructor(serving: Serving) {
    const insecure = credentials.createInsecure();
    const { address } = serving;
    this.#serving = serving;
    this.transactions = new TransactionServiceClient(address, insecure);
    this.verification = new VerificationServiceClient(address, insecure);
    this.confirmation = new ConfirmationServiceClient(address, insecure);
    this.execution = new ExecutionServiceClient(address, insecure);
    this.receipts = new ReceiptServiceClient(address, insecure);
  }

  static async open({ given }: CoreWorld): Promise<CoreClients> {
    const services = [transactionService, verificationService, confirmationService, executionService, receiptService];
    const options = { listen: { host: "127.0.0.1", port: 0 }, tls: undefined, maxStreams: 200, reflection: false };
    return new CoreClients(
      await serve(
        services.map((service) => service(given)),
        options,
      ),
    );
  }

  async close(): Promise<void> {
    const clients = [this.transactions, this.verification, this.confirmation, this.execution, this.receipts];
    for (const client of clients) client.close();
    await this.#serving.close(1000);
  }
}

/** What a refusal looked like on the wire. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly code: number;
  readonly reason: string;
  readonly info: ErrorInfo;
  /** Members that BadRequest blames. */
  readonly fields: readonly string[];
  /** Everything that reached the caller. */
  readonly wire: string;

  constructor(error: ServiceError) {
    super(error.message);
    this.code = error.code;
    const bytes = error.metadata.get("grpc-status-details-bin")[0] as Buffer | undefined;
    const status = bytes === undefined ? undefined : Status.decode(bytes);
    this.info = ErrorInfo.decode(status?.details[0]?.value ?? new Uint8Array(0));
    this.reason = this.info.reason;
    const bad = status?.details.find(({ typeUrl }) => typeUrl.endsWith("BadRequest"));
    this.fields = BadRequest.decode(bad?.value ?? new Uint8Array(0)).fieldViolations.map(({ field }) => field);
    this.wire = `${error.code} ${error.details} ${bytes?.toString("hex") ?? ""}`;
  }
}

/** Calls an RPC by its name and waits; rejects with Refused. */
export function ask<C extends object, M extends keyof C>(
  client: C,
  rpc: M,
  request: RequestOf<C[M]>,
  token: string,
): Promise<ResponseOf<C[M]>> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + 60_000 };
    const method = client[rpc] as Unary<RequestOf<C[M]>, ResponseOf<C[M]>>;
    method.call(client, request, bearer(token), options, (error, response) => {
      if (error === null) resolve(response);
      else reject(new Refused(error));
    });
  });
}

/** The reason of a call that is refused. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "OK",
    (error: unknown) => (error instanceof Refused ? error.reason : String(error)),
  );
}

export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

/** The next messages of a stream. */
export class Reading<T> {
  readonly #stream: ClientReadableStream<T>;
  readonly #iterator: AsyncIterator<T>;

  constructor(stream: ClientReadableStream<T>) {
    this.#stream = stream;
    stream.on("error", () => undefined);
    this.#iterator = stream[Symbol.asyncIterator]() as AsyncIterator<T>;
  }

  /** undefined: the stream ended. */
  async next(): Promise<T | undefined> {
    const next = await this.#iterator.next();
    return next.done === true ? undefined : next.value;
  }

  cancel(): void {
    this.#stream.cancel();
  }
}

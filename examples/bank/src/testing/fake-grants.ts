import { Server, ServerCredentials, status, type handleUnaryCall } from "@grpc/grpc-js";
import {
  TransactionServiceService,
  type TransactionServiceCreateGrantRequest,
  type TransactionServiceCreateGrantResponse,
} from "@countersign/proto/node/core/v1/transaction_service";

/** What stands for the core's own grants in tests: one for each request id. */
export class FakeGrants {
  readonly asked: TransactionServiceCreateGrantRequest[] = [];
  /** What the bank showed as its bearer. */
  readonly bearers: string[] = [];
  refuses = false;
  readonly #server = new Server();
  #port = 0;

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    const createGrant: handleUnaryCall<TransactionServiceCreateGrantRequest, TransactionServiceCreateGrantResponse> = (
      { request, metadata },
      answer,
    ) => {
      this.asked.push(request);
      this.bearers.push(String(metadata.get("authorization")[0]));
      if (this.refuses) return answer({ code: status.PERMISSION_DENIED, details: "no such user" });
      answer(null, { grant: `cs_grant_${request.requestId}`, expiresAt: undefined });
    };
    this.#server.addService(TransactionServiceService, { createGrant });
    this.#port = await new Promise((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

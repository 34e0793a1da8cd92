import { credentials, Metadata, type CallOptions, type ClientUnaryCall, type ServiceError } from "@grpc/grpc-js";
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { equalBytes, txDigestOf } from "@countersign/protocol";
import { isLoopback } from "@countersign/sdk";
import {
  ExecutionOutcome,
  ExecutionServiceBeginRequest,
  ExecutionServiceClaimRequest,
  ExecutionServiceClient,
  ExecutionServiceReportRequest,
} from "@countersign/proto/node/core/v1/execution_service";
import { readToken, type Settings } from "./settings.ts";

/** What this host does with a confirmation: uses it up. */
export interface Executor {
  /**
   * Claims the confirmed transaction by the digest of `content`, which this host wrote itself, and reports that it was
   * used. Rejects when it is another's, not confirmed, or used before.
   */
  useUp(transactionId: string, content: Uint8Array): Promise<void>;
  close(): void;
}

const DEADLINE_MS = 10_000;

/** Speaks to the core with the token of scope `execute`. */
export function openExecutor({ core, ca, executeToken, host }: Settings): Executor {
  const channel =
    ca === undefined && isLoopback(core)
      ? credentials.createInsecure()
      : credentials.createSsl(ca === undefined ? null : readFileSync(ca));
  const client = new ExecutionServiceClient(core, channel);
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${readToken(executeToken).reveal()}`);
  return {
    async useUp(transactionId, content) {
      const txDigest = Buffer.from(txDigestOf(content));
      // A claim of its own for each attempt: what another run has claimed is not let in a second time.
      const wanted = ExecutionServiceClaimRequest.create({ transactionId, claimId: randomUUID(), txDigest });
      const { claimed, lease } = await unary(client.claim.bind(client), wanted, metadata);
      if (claimed === undefined || lease === undefined || !equalBytes(Uint8Array.from(claimed.content), content))
        throw new Error("the claim is of another transaction");
      const { fence } = lease;
      await unary(client.begin.bind(client), ExecutionServiceBeginRequest.create({ transactionId, fence }), metadata);
      const told = { outcome: ExecutionOutcome.EXECUTED, detail: `let in by ${host}` };
      const report = ExecutionServiceReportRequest.create({ transactionId, fence, ...told });
      await unary(client.report.bind(client), report, metadata);
    },
    close: () => client.close(),
  };
}

type Method<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

function unary<Request, Response>(
  method: Method<Request, Response>,
  request: Request,
  metadata: Metadata,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    method(request, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

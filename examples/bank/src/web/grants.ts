import { readFileSync } from "node:fs";
import { credentials, Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { Kind } from "@countersign/proto/node/core/v1/content";
import {
  TransactionServiceClient,
  TransactionServiceCreateGrantRequest,
} from "@countersign/proto/node/core/v1/transaction_service";
import { unary } from "../unary.ts";
import { type SetUp, SetUpError } from "./set-up.ts";

/** Why there is no grant. */
export type NoGrant = "CORE_UNREACHABLE" | "REFUSED";

/** Gives a page leave to create one payment of one user. The bank's own token stays here. */
export class Grants {
  readonly #client: TransactionServiceClient;
  readonly #metadata = new Metadata();
  readonly #log: (line: string) => void;

  constructor({ core, coreCa, submitToken }: SetUp, log: (line: string) => void) {
    this.#metadata.set("authorization", `Bearer ${submitToken}`);
    this.#client = new TransactionServiceClient(core, channelOf(core, coreCa));
    this.#log = log;
  }

  /** The same grant for the same request id. */
  async give(userId: string, requestId: string): Promise<{ readonly grant: string } | { readonly refused: NoGrant }> {
    const request = TransactionServiceCreateGrantRequest.create({
      requestId: `web-${requestId}`,
      userId,
      kinds: [Kind.PAY],
    });
    try {
      const { grant } = await unary(this.#client.createGrant.bind(this.#client), request, this.#metadata);
      return { grant };
    } catch (error) {
      const { code, details } = error as Partial<ServiceError>;
      this.#log(`no grant for ${userId}: ${details ?? String(error)}`);
      const isAway = code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
      return { refused: isAway ? "CORE_UNREACHABLE" : "REFUSED" };
    }
  }

  close(): void {
    this.#client.close();
  }
}

function channelOf(core: string, ca: string | undefined): ReturnType<typeof credentials.createInsecure> {
  if (ca !== undefined) return credentials.createSsl(readFileSync(ca));
  if (/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]):\d+$/.test(core)) return credentials.createInsecure();
  throw new SetUpError("coreCa: needed, because a core on another machine is reached by TLS only");
}

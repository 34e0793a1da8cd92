import type { ClientClass } from "@countersign/protocol";
import type { VerificationServiceSubmitAssertionRequest as WireAssertion } from "@countersign/proto/web/core/v1/verification_service";

/** What a key made, for the core. */
export type Submitted =
  | { readonly type: "statement"; readonly signedStatement: Uint8Array }
  | { readonly type: "assertion"; readonly assertion: Omit<WireAssertion, "transactionId"> };

/** The core as a page has it for one transaction: by its confirmation token. The page brings its own client of gRPC-Web. */
export interface PageCore {
  /** Hands in what the key made. Resolves when the core took it; rejects with what `classOf` knows, or is passed on. */
  submit(what: Submitted): Promise<void>;
  /** With which class the core refused it; undefined: something else went wrong. */
  classOf(error: unknown): ClientClass | undefined;
}

/** Call options with a bearer token, in the form of the client that the page uses. */
export type CallOptionsOf<Options> = (token: string, signal?: AbortSignal) => Options;

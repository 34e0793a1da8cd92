import type { Token } from "./token.ts";

/** A message of the generated code, as far as a transport needs it. */
export interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** One method of one service. */
export interface Method<Request, Response> {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
}

/** What goes with one call. */
export interface CallOf {
  readonly token: Token | undefined;
  /** Aborting cancels the call, which then ends with a CoreError of code CANCELLED. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * How requests travel: gRPC in Node, gRPC-Web in browsers. One try a call; whatever goes wrong is thrown as CoreError.
 * Leaving the loop over a stream cancels it.
 */
export interface Port {
  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    of: CallOf & { readonly deadlineMs: number },
  ): Promise<Response>;
  stream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    of: CallOf & {
      /** A stream in which nothing came for so long ends with reason SILENT, where the transport cannot tell a dead peer. */
      readonly silenceMs?: number | undefined;
    },
  ): AsyncGenerator<Response, void>;
}

/** Reason of a stream that ended because nothing came for long: whoever sends is gone, or had nothing to say. */
export const SILENT = "SILENT";

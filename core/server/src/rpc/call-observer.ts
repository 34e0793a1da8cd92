import type { status } from "@grpc/grpc-js";

/** Told of every call that reaches a handler, over gRPC and gRPC-Web alike. It may neither throw nor take long. */
export interface CallObserver {
  /** A unary call got its answer, so many seconds after it came in. `path`: "/package.Service/Rpc". */
  answered(path: string, code: status, seconds: number): void;
  /** A stream began. */
  opened(path: string): void;
  /** A stream that began is over. */
  ended(path: string, code: status): void;
}

import type { status } from "@grpc/grpc-js";

/** Why a call was not begun. */
export type Shed = "busy" | "late";

/** Told of every call that reaches a handler, over gRPC and gRPC-Web alike. It may neither throw nor take long. */
export interface CallObserver {
  /** A unary call got its answer, so many seconds after it came in. `path`: "/package.Service/Rpc". */
  answered(path: string, code: status, seconds: number): void;
  /**
   * A unary call was not begun: "busy" when there was no place in the line and it was refused at once, "late" when it was
   * cancelled or its deadline passed while it waited.
   */
  shed(path: string, why: Shed): void;
  /** A stream began. */
  opened(path: string): void;
  /** A stream that began is over. */
  ended(path: string, code: status): void;
}

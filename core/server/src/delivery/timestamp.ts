import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";
import type { UnixMs } from "../store/entity.ts";

/** Whole milliseconds as they travel. */
export function timestampOf(at: UnixMs): Timestamp {
  const seconds = Math.floor(at / 1000);
  return { seconds: BigInt(seconds), nanos: (at - seconds * 1000) * 1_000_000 };
}

import type { HexId, UnixMs } from "./entity.ts";

/**
 * A `request_id` that was used: written before the flow it belongs to, with every id that the flow will use already
 * drawn, so that a retry finishes the same flow and never starts a second one. Kept for 24 h at least.
 */
export interface Reservation {
  /** SHA-256 over the RPC's name and the canonical bytes of its request: another body under the same id is refused. */
  readonly bodyHash: Uint8Array;
  /** Ids and nonces drawn for the flow, by name. */
  readonly drawn: Readonly<Record<string, HexId>>;
  readonly at: UnixMs;
}

import type { Field, Kind, Mode } from "@countersign/protocol";
import type { HexId } from "../store/entity.ts";
import type { Assurance } from "../policy/assurance.ts";
import type { FrozenContent } from "./frozen-content.ts";
import type { Approves, CoreAction } from "./transaction.ts";

/** What somebody asks to be confirmed, before anything is frozen. */
export interface Draft {
  readonly tenantId: HexId;
  readonly userId: string;
  readonly kind: Kind;
  readonly fields: readonly Field[];
  /** App or grant, or "core". */
  readonly createdBy: HexId;
  /** How the audit names the caller; undefined: the app, or the core. */
  readonly actor?: string;
  readonly requestId: string;
  /** See bodyHashOf. */
  readonly bodyHash: Uint8Array;
  /** Keys that may sign; undefined: all active ones of the user. */
  readonly keyIds?: readonly HexId[] | undefined;
  readonly lifetimeMs?: number | undefined;
  readonly modeHint?: Mode | undefined;
  readonly assuranceHint?: Assurance | undefined;
  readonly repeatOf?: HexId | undefined;
  /** SHA-256 of what will run or be booked: becomes a `digest` line. */
  readonly payload?: Uint8Array | undefined;
  /** Of the core's own kinds: what it does once this is confirmed. */
  readonly action?: CoreAction | undefined;
  /** Of an approval: what it is about, and its content, which is frozen as it is. */
  readonly approval?: { readonly approves: Approves; readonly content: FrozenContent } | undefined;
}

import type { KeyInfo } from "@countersign/key-protocol";
import type { FidoKey } from "../fido/fido-key.ts";
import type { FidoDescription } from "./fido-port.ts";
import type { SmartKey } from "./smart-key.ts";
import type { WorkQueue } from "./work-queue.ts";

/** What a key speaks: command 0x59, or CTAP2. */
export type KeyKind = AttachedKey["kind"];

interface Attached {
  /** Local name, stable while it is plugged in. */
  readonly deviceId: string;
  readonly queue: WorkQueue;
}

/** A Countersign key that is plugged in, ready for requests. */
export interface AttachedCountersign extends Attached {
  readonly kind: "countersign";
  readonly key: SmartKey;
  /** As it said last. */
  info: KeyInfo;
}

/** A FIDO2 key that is plugged in, ready for requests. */
export interface AttachedFido extends Attached {
  readonly kind: "fido2";
  readonly key: FidoKey;
  /** As it said last. */
  info: FidoDescription;
}

/** A key that is plugged in. */
export type AttachedKey = AttachedCountersign | AttachedFido;

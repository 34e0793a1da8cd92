import type { MacKey } from "@countersign/protocol";
import type { CodeKeys } from "./code/code-key.ts";
import type { Log } from "./log.ts";
import type { ReadModel } from "./read-model/read-model.ts";
import type { CallObserver } from "./rpc/call-observer.ts";
import type { Gate } from "./rpc/gate.ts";
import type { Store } from "./store/store.ts";
import type { HexId } from "./store/entity.ts";
import type { Tracing } from "./trace/tracing.ts";

/** Secrets that live outside the store. */
export interface CoreSecrets extends CodeKeys {
  /** Tokens that a repeated call must return are derived from it. */
  readonly token: MacKey;
  /** Signs receipts and audit heads: raw r‖s of ES256. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  /** 16 bytes, names the signing key. */
  readonly signKeyId: Uint8Array;
  /** COSE_Key bytes of the signing key, pinned by clients at set-up. */
  readonly publicKey: Uint8Array;
}

/** Draws ids, nonces and tokens. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** All that services are given; built by start-core.ts alone. */
export interface CoreGiven {
  readonly store: Store;
  readonly secrets: CoreSecrets;
  /** 32 hexadecimal digits: this installation. */
  readonly serverId: HexId;
  readonly random: Random;
  readonly log: Log;
  /** Emulators and sandbox bots are refused unless true. */
  readonly development: boolean;
  /** No other core works on this store: what is held there by nobody of this process is held by nobody. */
  readonly soleCore?: boolean;
  /** Aborted when the core shuts down: streams end then, with a hint to resume elsewhere. */
  readonly draining?: AbortSignal;
  /** Unary calls wait before it for their turn. Undefined: they begin when they come. */
  readonly gate?: Gate;
  /** Undefined: nobody counts. */
  readonly calls?: CallObserver;
  /** What administrators' lists are found by. Undefined: one without a file, made when it is asked first. */
  readonly readModel?: ReadModel;
  /** Hosts and addresses that webhooks may lead to although they are not public. Undefined: none. */
  readonly webhookAllow?: readonly string[];
  /** Undefined: no exporter is configured. */
  readonly trace?: Tracing;
}

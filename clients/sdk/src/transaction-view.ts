import { fromHex, isKind, isLabel, ProtocolError, type Kind, type Line } from "@countersign/protocol";
import type { Line as WireLine } from "@countersign/proto/web/core/v1/content";
import type { Timestamp } from "@countersign/proto/web-google/protobuf/timestamp";

/** An open transaction as a client needs it for key and screen. Read from the core's answer: checked, not believed. */
export interface OpenTransaction {
  /** 32 lower-case hexadecimal digits. */
  readonly transactionId: string;
  /** 32 lower-case hexadecimal digits. */
  readonly serverId: string;
  /** 32 bytes. */
  readonly nonce: Uint8Array;
  readonly kind: Kind;
  readonly contentVersion: number;
  readonly issuer: string;
  readonly lines: readonly Line[];
  /** Two words to match surfaces with; no security. */
  readonly tag: string;
  /** 1 A, 2 B, 3 C. */
  readonly mode: number;
  /** Keys that may sign; empty when the core does not tell. */
  readonly keyIds: readonly string[];
  /** What the FIDO2 keys among them are asked by; absent: there is none. */
  readonly fido: AskedFido | undefined;
  /** Milliseconds left when the answer came, by the core's own clock where it tells both ends. */
  readonly lifetimeMs: number;
  /** So many others have to confirm as well; absent: nobody. */
  readonly approvalsNeeded?: number;
}

/** The user's FIDO2 credentials, all of one relying party. */
export interface AskedFido {
  readonly rpId: string;
  readonly credentials: readonly { readonly keyId: string; readonly credentialId: Uint8Array }[];
}

/** FidoRequest, of either generated code. */
interface WireFido {
  readonly rpId: string;
  readonly keys: readonly { readonly keyId: string; readonly credentialId: Uint8Array }[];
}

/** What a transaction has in the answers of all services. */
export interface WireTransaction {
  readonly transactionId: string;
  readonly serverId: string;
  readonly nonce: Uint8Array;
  readonly kind: number;
  readonly contentVersion: number;
  readonly issuerName: string;
  readonly lines: readonly WireLine[];
  readonly tag: string;
  readonly mode: number;
  readonly keyIds?: readonly string[];
  readonly fido?: WireFido | undefined;
  readonly createdAt?: Timestamp | undefined;
  readonly expiresAt?: Timestamp | undefined;
  readonly approvalsNeeded?: number | undefined;
}

/** Reads the core's answer. Throws ProtocolError for what no core would send. */
export function openTransaction(wire: WireTransaction, now: number = Date.now()): OpenTransaction {
  if (!isKind(wire.kind)) throw new ProtocolError("unknown-kind", `kind ${wire.kind} is not in the registry`);
  if (fromHex(wire.transactionId).length !== 16 || fromHex(wire.serverId).length !== 16 || wire.nonce.length !== 32) {
    throw new ProtocolError("bad-field", "the answer's transaction id, server id or nonce has the wrong length");
  }
  const until = milliseconds(wire.expiresAt) ?? now;
  return {
    transactionId: wire.transactionId,
    serverId: wire.serverId,
    nonce: Uint8Array.from(wire.nonce),
    kind: wire.kind,
    contentVersion: wire.contentVersion,
    issuer: wire.issuerName,
    lines: wire.lines.map(({ label, value }) => lineOf(label, value)),
    tag: /^[A-Z]{2,12} [A-Z]{2,12}$/.test(wire.tag) ? wire.tag : "",
    mode: wire.mode,
    keyIds: wire.keyIds ?? [],
    fido: wire.fido && askedFido(wire.fido),
    approvalsNeeded: wire.approvalsNeeded ?? 0,
    lifetimeMs: Math.max(0, until - (milliseconds(wire.createdAt) ?? now)),
  };
}

function askedFido({ rpId, keys }: WireFido): AskedFido {
  const credentials = keys.map(({ keyId, credentialId }) => ({ keyId, credentialId: Uint8Array.from(credentialId) }));
  return { rpId, credentials };
}

function lineOf(label: number, value: string): Line {
  if (!isLabel(label)) throw new ProtocolError("unknown-label", `label ${label} is not in the registry`);
  return { label, value };
}

function milliseconds(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6);
}

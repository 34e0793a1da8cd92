// The entries of this store, in the bytes that everybody reads. docs/protocol/audit.md sections 2 and 3.
import { AUDIT_GENESIS, decodeAuditEntry, encodeAuditEntry, hashAuditEntry } from "@countersign/protocol";
import type { AuditEntry } from "../store/store.ts";

/** What the first entry of a chain names as its previous hash. */
export const GENESIS: Uint8Array = AUDIT_GENESIS;

/** An entry before it has its place in the chain's hashes. */
export type EntryContent = Omit<AuditEntry, "previous" | "hash">;

/** Canonical text of an entry. */
export const encodeEntry: (entry: EntryContent) => string = encodeAuditEntry;

/** Reads an entry's text; throws SyntaxError or TypeError when it is not the canonical text of an entry. */
export function decodeEntry(text: string): EntryContent {
  return decodeAuditEntry(text) as EntryContent; // types of entities are read as they were written
}

/** SHA-256(prefix ‖ previous hash ‖ entry text). */
export const hashEntry: (previous: Uint8Array, text: string) => Uint8Array = hashAuditEntry;

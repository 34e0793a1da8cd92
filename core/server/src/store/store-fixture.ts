// Change sets for tests of stores: small entities whose bodies say what the test wants to find again.
import { randomBytes } from "node:crypto";
import { toHex } from "@countersign/protocol";
import type { Peer } from "../identity/link.ts";
import type { EntityKey, Shard } from "./entity.ts";
import type { AnyWrite, ChangeSet, Index, Store } from "./store.ts";

export const TENANT = "0123456789abcdef0123456789abcdef";
export const SHARD: Shard = 7;

/** An id as callers draw them. */
export function drawId(): string {
  return toHex(randomBytes(16));
}

export function peerKey(id: string, tenant: string = TENANT): EntityKey<"peer"> {
  return { type: "peer", tenant, id };
}

/** Creates (expected "") or replaces a peer whose userId is `note`. */
export function writing(id: string, expected: string, note: string, index?: Index): AnyWrite {
  const body: Peer = { tenantId: TENANT, userId: note, linkId: undefined };
  return { key: peerKey(id), expected, body, ...(index === undefined ? {} : { index }) };
}

export function deleting(id: string, expected: string): AnyWrite {
  return { key: peerKey(id), expected, body: undefined };
}

/** A change set of these writes, with one audit event. */
export function changing(writes: readonly AnyWrite[], more: Partial<ChangeSet> = {}): ChangeSet {
  return {
    changeId: drawId(),
    epoch: 1,
    writes,
    audit: [
      { event: "test.changed", tenant: TENANT, actor: "core", subject: "test:1", detail: { writes: writes.length } },
    ],
    ...more,
  };
}

/** Version and note of a peer as loaded; note undefined: it does not exist. */
export async function seen(
  store: Store,
  id: string,
  shard: Shard = SHARD,
): Promise<{ version: string; note: string | undefined }> {
  const { entities } = await store.load(shard, peerKey(id));
  return { version: entities[0].version, note: entities[0].body?.userId };
}

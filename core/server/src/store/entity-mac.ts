// The MAC that every stored entity carries. docs/protocol/store.md section 3.
import { hash } from "node:crypto";
import { hmacSha256, quote, sha256, utf8, type MacKey } from "@countersign/protocol";
import type { EntityKey, Shard } from "./entity.ts";
import type { Index } from "./store.ts";

const BLOCK = 64; // of SHA-256
const PREFIX = "countersign/entity/v1\0";

/**
 * Makes entity MACs: HMAC-SHA-256 under HMAC(K_store, "countersign/entity-key/v1\0") over
 *   prefix ‖ JSON array [shard, type, tenant, id, version, owner, sort, due, lane] ‖ "\n" ‖ body text
 * with null for an index attribute that is not set. JSON writes no raw newline, so the parts cannot run into each other.
 *
 * HMAC is computed as two one-shot hashes over buffers that are kept: half the time of a Hmac object for these short texts.
 * The derived key is what makes that possible without taking K_store itself out of its KeyObject.
 */
export class EntityMac {
  #inner: Buffer;
  readonly #outer = Buffer.alloc(BLOCK + 32);

  constructor(storeKey: MacKey) {
    const key = hmacSha256(storeKey, utf8("countersign/entity-key/v1\0"));
    this.#inner = Buffer.alloc(4096);
    this.#inner.fill(0x36, 0, BLOCK);
    this.#outer.fill(0x5c, 0, BLOCK);
    key.forEach((byte, i) => {
      this.#inner[i]! ^= byte;
      this.#outer[i]! ^= byte;
    });
  }

  of(shard: Shard, entity: EntityKey, version: number, index: Index, body: string): Uint8Array {
    const text = `${PREFIX}${placeText(shard, entity, version, index)}\n${body}`;
    this.#makeRoom(BLOCK + text.length * 3); // UTF-8 takes at most 3 bytes a UTF-16 unit
    const end = BLOCK + this.#inner.write(text, BLOCK);
    this.#outer.write(hash("sha256", this.#inner.subarray(0, end), "binary"), BLOCK, "latin1");
    return sha256(this.#outer);
  }

  #makeRoom(length: number): void {
    if (length <= this.#inner.length) return;
    const larger = Buffer.alloc(length);
    larger.set(this.#inner.subarray(0, BLOCK));
    this.#inner = larger;
  }
}

// As JSON.stringify writes it; every write and every load has one.
function placeText(shard: Shard, { type, tenant, id }: EntityKey, version: number, index: Index): string {
  const { owner, sort, due, lane } = index;
  const found = `${textOrNull(owner)},${sort ?? null},${due ?? null},${textOrNull(lane)}`;
  return `[${shard},${quote(type)},${quote(tenant)},${quote(id)},${version},${found}]`;
}

function textOrNull(text: string | undefined): string {
  return text === undefined ? "null" : quote(text);
}

import { decodeBody, type StoredBody, type StoredMember } from "./body-codec.ts";
import type { Index } from "./store.ts";
import type { Place } from "./witness-table.ts";

/** An entity whose MAC and version were checked, or that this process wrote itself. */
export interface VerifiedEntity {
  readonly place: Place;
  readonly version: number;
  /** As read, encoded, until it is decoded for whoever loads it; from then on frozen, for all who load this version. */
  readonly body: string | object;
  /** What the body takes in memory, roughly. */
  readonly bytes: number;
  readonly index: Index;
  /** Of a body that this process wrote, if it is large: what its next version need not encode again. */
  readonly members?: readonly StoredMember[];
}

/** Objects, strings and byte arrays of a decoded body, roughly, against its text. */
const DECODED = 3;

export type DecodedEntity = VerifiedEntity & { readonly body: object };

export function isDecoded(entity: VerifiedEntity): entity is DecodedEntity {
  return typeof entity.body === "object";
}

/** The same entity with its body decoded. */
export function decoded(entity: VerifiedEntity): DecodedEntity {
  const { body, bytes } = entity;
  if (typeof body === "object") return { ...entity, body };
  return { ...entity, body: decodeBody(body), bytes: bytes * DECODED };
}

/** An entity that this process wrote: what was written is what will be loaded, and need not be decoded. */
export function written(place: Place, version: number, stored: StoredBody, index: Index): VerifiedEntity {
  const { text, copy, members } = stored;
  const times = members.length === 0 ? DECODED : DECODED + 1; // members hold the text
  return { place, version, body: copy, bytes: text.length * times, index, members };
}

/** Objects, keys and map slots of one entry, roughly. */
const OVERHEAD = 300;

/**
 * The entities used last, by name, in about so many bytes: what is in it needs no reading and no MAC.
 *
 * Two generations: when the young one has grown to half of the limit it becomes the old one, and the old one is forgotten;
 * what is used again moves to the young one. (Evicting the first entry of one Map costs a walk over all that were removed.)
 */
export class EntityCache {
  readonly #limit: number;
  #young = new Map<string, VerifiedEntity>();
  #old = new Map<string, VerifiedEntity>();
  #youngBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(name: string): VerifiedEntity | undefined {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.set(name, old);
    return old;
  }

  set(name: string, entry: VerifiedEntity): void {
    if (this.#limit === 0) return;
    const before = this.#young.get(name);
    this.#young.set(name, entry);
    this.#youngBytes += before === undefined ? entry.bytes + OVERHEAD : entry.bytes - before.bytes;
    if (this.#youngBytes * 2 <= this.#limit) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }

  delete(name: string): void {
    this.#young.delete(name);
    this.#old.delete(name);
  }
}

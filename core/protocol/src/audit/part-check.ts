// The signed parts of one tenant's export: what the core vouches for where hashes alone do not. docs/protocol/audit.md
// section 7.
import { utf8 } from "../bytes.ts";
import { importPublicKey } from "../cose-key.ts";
import { sha256, verifyEs256 } from "#platform";
import type { PinnedSealer } from "./audit-head.ts";
import { isSame, type ExpectedPlaces } from "./expected-places.ts";
import { partText, signedPart, type Place } from "./export-line.ts";

/** More lines, or more bytes, in a part: no core makes one. */
const MOST_LINES = 4096;
const MOST_CHARACTERS = 16 * 2 ** 20;

export interface PartGiven {
  readonly pinned: PinnedSealer;
  readonly places: ExpectedPlaces;
  readonly tenant: string;
  /** Of the head that the export ends at. */
  readonly root: Uint8Array;
}

/** Takes the lines of a part, then its signature; the parts must lead through all places without a gap. */
export class PartCheck {
  readonly #given: PartGiven;
  readonly #lines: string[] = [];
  readonly #places: (Place | undefined)[] = [];
  #characters = 0;
  #next: Place | undefined;

  constructor(given: PartGiven) {
    this.#given = given;
    this.#next = given.places.first();
  }

  /** False: too long for a part. */
  take(line: string, place: Place | undefined): boolean {
    this.#lines.push(`${line}\n`);
    this.#places.push(place);
    this.#characters += line.length;
    return this.#lines.length <= MOST_LINES && this.#characters <= MOST_CHARACTERS;
  }

  /** Whether the core signed the lines since the last part, for this place in this export. */
  close(text: string, signature: Uint8Array): boolean {
    const { pinned, places, tenant, root } = this.#given;
    const digest = sha256(utf8(this.#lines.join("")));
    const [first, last] = [this.#places[0], this.#places.at(-1)];
    const isInPlace = first !== undefined && last !== undefined && isSame(first, this.#next);
    this.#lines.length = this.#places.length = this.#characters = 0;
    if (!isInPlace) return false;
    this.#next = places.has(last) ? places.after(last) : undefined;
    const { serverId } = pinned;
    if (partText({ digest, first, last, root, serverId, tenant }) !== text) return false;
    const signed = signedPart(text);
    return pinned.publicKeys.some((key) => verifyEs256(importPublicKey(key), signed, signature));
  }

  /** Whether nothing is left that no part vouches for. */
  get isClosed(): boolean {
    return this.#lines.length === 0;
  }
}

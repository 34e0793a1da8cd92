import { createHash } from "node:crypto";
import type { Receipt } from "./sms-platform.ts";

interface Entry {
  readonly providerId: string;
  readonly to: string;
  /** Keys of parts of which nothing final was said. */
  readonly open: Set<string>;
}

const ENTRIES_KEPT = 20_000;

/**
 * Which message an id of the provider belongs to. A message of two parts is on the phone when both are, and never will be
 * when one never will. Forgotten with the process: receipts of an earlier one are judged by what they say themselves.
 */
export class ReceiptBook {
  readonly #entries = new Map<string, Entry>();
  /** Other spellings of a key. */
  readonly #spellings = new Map<string, string>();
  readonly #spellingsOf: (key: string) => readonly string[];

  /** `spellingsOf`: in which forms a receipt may name the same key. */
  constructor(spellingsOf: (key: string) => readonly string[] = () => []) {
    this.#spellingsOf = spellingsOf;
  }

  /** Keeps an accepted message under the keys by which receipts will name its parts. */
  keep(providerId: string, to: string, keys: readonly string[]): void {
    const entry = { providerId, to, open: new Set(keys) };
    for (const key of keys) {
      this.#entries.set(key, entry);
      for (const spelling of this.#spellingsOf(key)) this.#spellings.set(spelling, key);
    }
    shrink(this.#entries);
    shrink(this.#spellings);
  }

  /** The key that a receipt means: as written, or in another spelling if it is about the same phone. */
  find(written: string, to: string | undefined): string | undefined {
    if (this.#entries.has(written)) return written;
    const keys = this.#spellingsOf(written).map((spelling) => this.#spellings.get(spelling));
    return keys.find((key) => key !== undefined && to !== undefined && this.#entries.get(key)?.to === to);
  }

  /** What a final word about one part means for its message; undefined: nothing yet, or no such message. */
  settle(key: string, reached: boolean): Receipt | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (reached) entry.open.delete(key);
    if (reached && entry.open.size > 0) return undefined;
    return receiptOf(entry.providerId, entry.to, reached);
  }
}

function shrink(map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= ENTRIES_KEPT) return;
    map.delete(oldest);
  }
}

/** A receipt under an id that is the same whenever the provider says the same again. */
export function receiptOf(providerId: string, to: string, reached: boolean): Receipt {
  const said = JSON.stringify([providerId, to, reached]);
  const eventId = `sms-${createHash("sha256").update(said).digest("hex").slice(0, 32)}`;
  return { eventId, to, providerId, reached };
}

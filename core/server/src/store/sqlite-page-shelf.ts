import type { Shard } from "./entity.ts";
import type { PageShelf } from "./shard-witness.ts";
import type { Statements } from "./sqlite-schema.ts";
import { isPageOf, type PageMark } from "./witness-page.ts";

/** Pages that were read and checked, of all shards: some 5 MB. */
const MOST_KEPT = 2048;

/**
 * The witness pages of an embedded store. Numbers are never given twice while it is open, so that a page in memory is the
 * right one also after a commit came to nothing.
 */
export class SqlitePageShelf {
  readonly #sql: Statements;
  readonly #kept = new Map<number, Uint8Array>();
  #number: number;

  constructor(sql: Statements) {
    this.#sql = sql;
    this.#number = Number(sql.lastPage.get()?.["number"]);
  }

  of(shard: Shard): PageShelf {
    const sql = this.#sql;
    return {
      read: (mark) => this.#read(mark),
      add: (page) => {
        this.#number += 1;
        sql.insertPage.run(this.#number, shard, page);
        return this.#number;
      },
      remove: (number) => {
        sql.deletePage.run(number);
        this.#kept.delete(number);
      },
      clear: () => void sql.deletePagesOf.run(shard),
    };
  }

  #read(mark: PageMark): Uint8Array | undefined {
    const { number } = mark;
    const known = this.#kept.get(number);
    if (known !== undefined) {
      this.#kept.delete(number);
      this.#kept.set(number, known);
      return known;
    }
    const page = this.#sql.selectPage.get(number)?.["places"];
    if (!(page instanceof Uint8Array) || !isPageOf(mark, page)) return undefined;
    this.#kept.set(number, page);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(oldest);
    }
    return page;
  }
}

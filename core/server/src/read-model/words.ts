import type { IndexStatements } from "./index-schema.ts";

const MOST_KEPT = 10_000;

/** Texts that many rows share, each by a number. */
export class Words {
  readonly #sql: Pick<IndexStatements, "word" | "putWord">;
  readonly #kept = new Map<string, number>();

  constructor(sql: Pick<IndexStatements, "word" | "putWord">) {
    this.#sql = sql;
  }

  /** undefined: no row has it. */
  find(text: string): number | undefined {
    const kept = this.#kept.get(text);
    if (kept !== undefined) return kept;
    const id = this.#sql.word.get(text)?.["id"];
    return typeof id === "number" ? this.#keep(text, id) : undefined;
  }

  numberOf(text: string): number {
    return this.find(text) ?? this.#keep(text, Number(this.#sql.putWord.get(text)?.["id"]));
  }

  #keep(text: string, id: number): number {
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(text, id);
    return id;
  }
}

import type { Element } from "./element.ts";
import { MAX_FINDINGS, PaymentFileError, type Finding } from "./finding.ts";

/** Collects findings over the whole file, so that one run names everything that has to be mended. */
export class Findings {
  readonly #found: Finding[];

  constructor(found: readonly Finding[]) {
    this.#found = [...found];
  }

  add(element: Element, rule: string): void {
    if (this.#found.length < MAX_FINDINGS) this.#found.push({ element: element.path, rule, line: element.line });
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  /** Throws PaymentFileError if there is any. */
  refuseIfAny(): void {
    if (this.#found.length > 0) throw new PaymentFileError(this.#found.toSorted((a, b) => a.line - b.line));
  }
}

/** Reports in order, from whoever puts them to whoever waits for them, until it is broken. */
export class ReportPipe {
  readonly #waiting: { readonly give: (report: Uint8Array) => void; readonly fail: (cause: Error) => void }[] = [];
  readonly #kept: Uint8Array[] = [];
  #broken: Error | undefined;

  put(report: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#kept.push(report);
    else next.give(report);
  }

  async take(): Promise<Uint8Array> {
    const kept = this.#kept.shift();
    if (kept !== undefined) return kept;
    if (this.#broken !== undefined) throw this.#broken;
    return new Promise((give, fail) => {
      this.#waiting.push({ give, fail });
    });
  }

  break(why: string): void {
    this.#broken = new Error(why);
    for (const { fail } of this.#waiting.splice(0)) fail(this.#broken);
  }
}

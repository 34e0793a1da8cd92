/**
 * The guest's half of a test: each check prints one line, `PASS name` or `FAIL name: why`, which the host reads from the
 * console. A check that fails does not end the run.
 */
export class Checks {
  #began = performance.now();

  /** Runs one check. Resolves with what it made, or undefined when it failed. */
  async check<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const made = await work();
      console.log(`PASS ${name}`);
      return made;
    } catch (cause) {
      console.log(`FAIL ${name}: ${oneLine(cause)}`);
      return undefined;
    } finally {
      const now = performance.now();
      console.log(`TIME ${name}: ${Math.round(now - this.#began)} ms`);
      this.#began = now;
    }
  }

  /** Something measured: `FIGURE name = value unit`. */
  figure(name: string, value: number, unit: string): void {
    console.log(`FIGURE ${name} = ${value.toFixed(2)} ${unit}`);
  }
}

/** Throws unless it holds. */
export function ensure(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Error(why);
}

function oneLine(cause: unknown): string {
  const text = cause instanceof Error ? `${cause.message} ${cause.stack ?? ""}` : String(cause);
  return text.replaceAll(/\s+/g, " ").slice(0, 2_000);
}

import { chmodSync, existsSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@countersign/testing";

/** The person who answers a fake pinentry, in a folder of his own. */
export class FakePinentry {
  /** For `--pinentry`. */
  readonly path: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, "pinentry");
    const main = join(ROOT, "device-daemon/daemon/src/testing/fake-pinentry-main.ts");
    writeFileSync(this.path, `#!/bin/sh\nexec "${process.execPath}" "${main}" "${folder}"\n`);
    chmodSync(this.path, 0o700);
    writeFileSync(join(folder, "heard"), "");
    this.will();
  }

  /** What is done at the next prompts, one line each; see fake-pinentry-main.ts. */
  will(...acts: readonly string[]): void {
    writeFileSync(join(this.#folder, "answers"), acts.join("\n"));
  }

  /** Types these at the next prompts. */
  types(...texts: readonly string[]): void {
    this.will(...texts.map((text) => `answer ${JSON.stringify(text)}`));
  }

  /** Every line heard so far. Its last one, ENDED, comes when a pinentry has gone: of a prompt that was taken back, later. */
  heard(): readonly string[] {
    const file = join(this.#folder, "heard");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  }

  /** Every line of the daemon's that was heard so far. */
  asked(): readonly string[] {
    return this.heard().filter((line) => line !== "ENDED");
  }

  /** Waits until a line that begins like this was heard `times` times. */
  async until(beginning: string, times = 1): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.heard().filter((line) => line.startsWith(beginning)).length >= times) resolve();
    };
    const watcher = watch(this.#folder, look);
    look();
    await promise;
    watcher.close();
  }
}

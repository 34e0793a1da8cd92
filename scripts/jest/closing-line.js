import { Worker } from "node:worker_threads";

/** A run takes half an hour on two quiet cores, and has to tell how it ended within one. */
const MINUTES = Number(process.env.COUNTERSIGN_TEST_MINUTES ?? 56);

/**
 * Prints `N passed, N failed, N skipped` as the very last line: on "exit", or Jest's own summary would follow it. A run that
 * hangs, in whatever process, is ended with that line too: see run-limit.js.
 */
export default class ClosingLine {
  #running = new Set();
  #limit;
  /** 1: the limit is ending the run, and this process with it. */
  #ending = new Int32Array(new SharedArrayBuffer(4));

  onRunStart() {
    const workerData = { minutes: MINUTES, ending: this.#ending };
    this.#limit = new Worker(new URL("run-limit.js", import.meta.url), { workerData });
    this.#limit.unref();
  }

  onTestFileStart({ path }) {
    this.#running.add(path);
    this.#limit.postMessage({ running: [...this.#running] }, []);
  }

  onTestFileResult({ path }, _result, results) {
    this.#running.delete(path);
    this.#limit.postMessage({ running: [...this.#running], line: lineOf(results, this.#running.size) }, []);
  }

  async onRunComplete(_contexts, results) {
    // A run whose workers the limit has ended is not over by itself: nothing follows the limit's line.
    Atomics.wait(this.#ending, 0, 1);
    await this.#limit.terminate();
    process.once("exit", () => console.log(lineOf(results)));
  }
}

function lineOf(results, hanging = 0) {
  const checks = Number(process.env.FAILED_CHECKS ?? 0);
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + checks + hanging;
  return `${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests} skipped`;
}

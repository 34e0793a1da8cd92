/** Prints `N passed, N failed, N skipped` as the very last line: on "exit", or Jest's own summary would follow it. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + Number(process.env.FAILED_CHECKS ?? 0);
    process.once("exit", () =>
      console.log(`${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests} skipped`),
    );
  }
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing/child";

const NODE_FLAGS = ["--conditions=source", "--disable-warning=ExperimentalWarning"];
/** CPU is counted in hundredths of a second: so many take some of it on any machine. */
const TINY = ["--transactions", "16", "--repeats", "1", "--warm-up", "2", "--connections", "2"];
/** Where so little was done that no tick was counted for it, a ratio is no number, and JSON writes null. */
const RATIO: unknown = expect.any(Object);
/** The benchmark stops by itself before it would be killed, and that before the test is given up. */
const LIMITS = { withinSeconds: 400, killedMs: 430_000, testMs: 460_000 };

test(
  "a tiny run of P1 confirms transactions and prints its figures",
  async () => {
    const args = [
      ...NODE_FLAGS,
      "scripts/bench-harness/main.ts",
      "--json",
      "--within",
      String(LIMITS.withinSeconds),
      ...TINY,
    ];
    const run = promisify(execFile)(process.execPath, args, {
      cwd: ROOT,
      timeout: LIMITS.killedMs,
      killSignal: "SIGKILL",
    });
    const printed = JSON.parse((await run).stdout) as Record<string, unknown>;
    const spread = { median: expect.any(Number), least: expect.any(Number), most: expect.any(Number) };
    expect(printed).toMatchObject({ bench: "P1", limitMicros: spread, ratio: RATIO, ratioWithBot: RATIO });
    expect(printed["samples"]).toMatchObject({
      core: [{ units: 16 }],
      "core-bot": [{ units: 16 }],
      verify: [{ units: 160 }],
    });
  },
  LIMITS.testMs,
);

test.each(["P2", "P3"])(
  "a tiny run of %s confirms transactions and prints its figures",
  async (bench) => {
    const args = [...NODE_FLAGS, "scripts/bench-harness/main.ts", bench, "--json", ...TINY];
    const run = promisify(execFile)(process.execPath, [...args, "--within", String(LIMITS.withinSeconds)], {
      cwd: ROOT,
      timeout: LIMITS.killedMs,
      killSignal: "SIGKILL",
    });
    const printed = JSON.parse((await run).stdout) as Record<string, unknown>;
    const spread = { median: expect.any(Number), least: expect.any(Number), most: expect.any(Number) };
    expect(printed).toMatchObject({ bench, limitMicros: spread, ratio: RATIO });
    expect(printed["samples"]).toMatchObject({ call: [{ units: 16 }], echo: [{ units: 192 }], work: [{ units: 160 }] });
  },
  LIMITS.testMs,
);

test(
  "a tiny run of P8 pays at the rate that was asked for and prints its figures",
  async () => {
    const tiny = ["--rate", "1", "--seconds", "1", "--repeats", "1", "--warm-up", "2", "--connections", "1"];
    const args = [...NODE_FLAGS, "scripts/bench-harness/main.ts", "P8", "--json", ...tiny];
    const run = promisify(execFile)(process.execPath, [...args, "--within", String(LIMITS.withinSeconds)], {
      cwd: ROOT,
      timeout: LIMITS.killedMs,
      killSignal: "SIGKILL",
    });
    const printed = JSON.parse((await run).stdout) as Record<string, unknown>;
    const quantiles = { p50: expect.any(Number), p99: expect.any(Number) };
    expect(printed).toMatchObject({ bench: "P8", rate: 1, given: [], samples: [{ core: quantiles, echo: quantiles }] });
  },
  LIMITS.testMs,
);

test(
  "a tiny run of P9 calls both ways and prints its figures",
  async () => {
    const args = [
      ...NODE_FLAGS,
      "scripts/bench-harness/main.ts",
      "P9",
      "--json",
      "--within",
      String(LIMITS.withinSeconds),
    ];
    const tiny = [
      "--transactions",
      "50",
      "--repeats",
      "2",
      "--warm-up",
      "10",
      "--connections",
      "2",
      "--in-flight",
      "4",
    ];
    const run = promisify(execFile)(process.execPath, [...args, ...tiny], {
      cwd: ROOT,
      timeout: LIMITS.killedMs,
      killSignal: "SIGKILL",
    });
    const printed = JSON.parse((await run).stdout) as Record<string, unknown>;
    expect(printed).toMatchObject({ bench: "P9", options: { calls: 50 } });
    expect(printed["samples"]).toMatchObject({ direct: [{}, {}], bridge: [{}, {}] });
  },
  LIMITS.testMs,
);

test(
  "a tiny run of P10 opens transactions, kills the core, and prints its figures",
  async () => {
    const tiny = ["--open", "10", "--repeats", "1", "--calls", "20", "--within", String(LIMITS.withinSeconds)];
    const args = [...NODE_FLAGS, "scripts/bench-harness/main.ts", "P10", "--json", ...tiny];
    const run = promisify(execFile)(process.execPath, args, {
      cwd: ROOT,
      timeout: LIMITS.killedMs,
      killSignal: "SIGKILL",
    });
    const printed = JSON.parse((await run).stdout) as Record<string, unknown>;
    const lives = [{ startedMb: expect.any(Number), readMb: expect.any(Number), againMs: expect.any(Number) }];
    expect(printed).toMatchObject({
      bench: "P10",
      options: { open: 10 },
      samples: { empty: lives, few: lives, full: lives },
    });
  },
  LIMITS.testMs,
);

test(
  "an option out of its bounds is refused before anything starts",
  async () => {
    const run = promisify(execFile)(
      process.execPath,
      [...NODE_FLAGS, "scripts/bench-harness/main.ts", "--in-flight", "100000"],
      {
        cwd: ROOT,
        timeout: LIMITS.killedMs,
      },
    );
    await expect(run).rejects.toMatchObject({
      code: 64,
      stderr: "--in-flight: must be a whole number from 1 to 256\n",
    });
  },
  LIMITS.testMs,
);

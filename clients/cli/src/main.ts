#!/usr/bin/env node
import { readOneLine } from "./input-line.ts";
import { readSecretLine } from "./input-secret.ts";
import { run } from "./run.ts";

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  folder: ".",
  onInterrupt: (handler) => {
    // The second Ctrl-C ends the process at once: whoever presses it twice means it.
    let times = 0;
    const listener = (): void => {
      times += 1;
      if (times > 1) process.exit(130);
      handler();
    };
    process.on("SIGINT", listener);
    process.on("SIGTERM", listener);
    return () => {
      process.off("SIGINT", listener);
      process.off("SIGTERM", listener);
    };
  },
  readSecret: (prompt, signal) =>
    readSecretLine(process.stdin, process.stderr, {
      prompt,
      signal,
      interrupt: () => void process.kill(process.pid, "SIGINT"),
    }),
  readLine: (prompt) => readOneLine(process.stdin, process.stderr, prompt),
  now: () => performance.now(),
});

import { expect, test } from "@jest/globals";
import { logger } from "matrix-js-sdk/lib/logger.js";
import { quietConsole, quietLogger } from "./quiet-sdk.ts";

test("no logger of the SDK prints while a session is open, and the console speaks again afterwards", () => {
  const lines: unknown[][] = [];
  const { info, warn } = console;
  console.info = (...line: unknown[]) => lines.push(line);
  console.warn = (...line: unknown[]) => lines.push(line);
  const first = quietConsole();
  const second = quietConsole();
  logger.getChild("[MatrixRTCSession !room:x]").info("!room:x");
  quietLogger.getChild("crypto").error("!room:x");
  first();
  first(); // twice is once
  logger.getChild("another").warn("!room:x");
  expect(lines).toEqual([]);
  second();
  console.info("bot");
  expect(lines).toEqual([["bot"]]);
  Object.assign(console, { info, warn });
});

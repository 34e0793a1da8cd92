import { logger, type Logger } from "matrix-js-sdk/lib/logger.js";

const nothing = (): void => undefined;

/**
 * For `createClient`. The SDK logs room ids with every send, and errors with whole events. What it has to say reaches
 * the bot as errors and states; nothing of it reaches a stream.
 */
export const quietLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  getChild: () => quietLogger,
};

const METHODS = ["trace", "debug", "log", "info", "warn", "error"] as const;

let sessions = 0;
let spoken: Partial<Console> = {};

/**
 * From now on the process's console says nothing, until the returned function is called: loggers that the SDK makes
 * apart from the client's ignore every level and look up the console when they print. The bot itself never uses it.
 */
export function quietConsole(): () => void {
  (logger as unknown as { setLevel(level: "silent", keep: boolean): void }).setLevel("silent", false);
  if (sessions++ === 0) {
    spoken = Object.fromEntries(METHODS.map((method) => [method, console[method]]));
    for (const method of METHODS) console[method] = nothing;
  }
  let over = false;
  return () => {
    if (over) return;
    over = true;
    if (--sessions === 0) Object.assign(console, spoken);
  };
}

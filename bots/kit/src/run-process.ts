import { setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { errorName } from "./log.ts";

/**
 * Of a server with more than one address, each but the last has so long to answer. Node's own 250 ms are too short by
 * satellite, or where everything stands still for a moment.
 */
const ADDRESS_MS = 2_500;

// Each prints requests or headers of a library or of node itself: codes, tokens, what users write.
const TRACES: Readonly<Record<string, RegExp>> = {
  DEBUG: /(?:^|[\s,])(?:\*|telegraf)/,
  NODE_DEBUG: /\*|http|net|tls|stream|undici|fetch/i,
  GRPC_TRACE: /\S/,
  GRPC_NODE_TRACE: /\S/,
};

/** Throws when the environment asks for traces that hold secrets, naming what to leave out. */
export function refuseTraces(environment: Readonly<Record<string, string | undefined>>): void {
  for (const [name, forbidden] of Object.entries(TRACES)) {
    if (forbidden.test(environment[name] ?? "")) {
      throw new Error(`${name} would print codes and tokens: start this bot without it`);
    }
  }
}

/** What may be told of an error that nobody caught: a name and where in the code, never its message or what it holds. */
export function lastWords(error: unknown): string {
  const stack = error instanceof Error && typeof error.stack === "string" ? error.stack : "";
  const places = stack.match(/[\w.-]+\.[cm]?[jt]s:\d+:\d+(?=\)?$)/gm) ?? [];
  return [`bug: ${errorName(error)}`, ...places.slice(0, 8)].join(" < ");
}

/** A message of ours or of node without what looks like a token: people paste tokens where a path belongs. */
export function scrub(message: string): string {
  return message.replaceAll(/\d{3,}:[\w-]{5,}/g, "[telegram token]").replaceAll(/cs_[a-z]+_[\w-]+/g, "[token]");
}

/**
 * The life of a bot's process: 0 when `main` ends, 69 when it throws, whose message says what to do about it, 70 after an
 * error that nobody caught. Of that one node would print all it holds, such as a request with a code. `onRejection`: for
 * a bot whose library leaves promises alone; it goes on then.
 */
export async function runProcess(
  name: string,
  main: () => Promise<void>,
  onRejection?: (error: unknown) => void,
): Promise<never> {
  // The state is unknown: whoever runs us starts anew.
  const end = (error: unknown): never => {
    process.stderr.write(`${name}: ${lastWords(error)}\n`);
    process.exit(70);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", onRejection ?? end);
  // Whatever the environment says: no certificate that nobody vouches for, neither the provider's nor the core's.
  delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  setDefaultAutoSelectFamilyAttemptTimeout(ADDRESS_MS);
  try {
    refuseTraces(process.env);
    await main();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? scrub(error.message) : "ended"}\n`);
    process.exit(69);
  }
}

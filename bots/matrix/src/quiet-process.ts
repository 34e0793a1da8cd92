import { errorName, type BotLog } from "@countersign/bot-kit";

// Each prints requests or headers: codes before they are encrypted, tokens, rooms.
const TRACES: Readonly<Record<string, RegExp>> = {
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

/**
 * From now on nothing of an error that nobody caught is printed but its name. The SDK leaves promises of its own
 * requests alone, which end this way whenever the homeserver is away: the bot goes on. After a throw outside of every
 * promise its state is unknown: it ends with 70, and whoever runs it starts it anew.
 */
export function keepErrorsQuiet(log: BotLog): void {
  process.on("unhandledRejection", (error) => log.write({ event: "update-failed", errorName: errorName(error) }));
  process.on("uncaughtException", (error) => {
    log.write({ event: "update-failed", errorName: errorName(error) });
    process.exit(70);
  });
}

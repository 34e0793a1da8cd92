import { errorName, type BotLog } from "@countersign/bot-kit";

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

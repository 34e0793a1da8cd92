import { KeyError, type KeyStep } from "@countersign/sdk";
import { CliError } from "../cli-error.ts";
import { ExitCode, exitCodeOfKey } from "../exit-code.ts";
import type { CommandGiven } from "../session.ts";

/** What the key waits for, told once each; the key's own no ends the command with the exit code of its status. */
export async function* followKey<T extends object>(
  events: AsyncIterable<KeyStep | T>,
  given: CommandGiven,
): AsyncGenerator<T, void> {
  try {
    for await (const event of events) {
      if (typeof event === "string") tellStep(event, given);
      else yield event;
    }
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    const why = error.status === "" ? error.message : `${error.status}: ${error.message}`;
    throw new CliError(error.reason === "KEY_BUSY" ? ExitCode.BUSY : exitCodeOfKey(error.status), `the key: ${why}`);
  }
}

/** As followKey, where nothing comes but steps. */
export async function followToEnd(events: AsyncIterable<KeyStep>, given: CommandGiven): Promise<void> {
  const followed = followKey<never>(events, given);
  while ((await followed.next()).done !== true);
}

function tellStep(step: KeyStep, { terminal }: CommandGiven): void {
  terminal.record({ step: step.toUpperCase() });
  const touch = step === "touch" ? "Touch your KEY." : "Look at your KEY and follow it.";
  terminal.status(() => `${touch} What a key with a keypad wants is typed on the key.`);
}

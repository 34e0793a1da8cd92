import { getDelivery, watchDelivery, type CoreConnection, type DeliveryEvent } from "@countersign/sdk";
import { ExitCode } from "../exit-code.ts";
import { attemptText, ChannelNames, eventText } from "../output/delivery-text.ts";
import { withCore, type CommandGiven } from "../session.ts";
import { transactionIdArgument } from "./tx.ts";

/**
 * `countersign tx delivery ID [--watch]`: the timeline of its messages over all channels; with --watch until the last one
 * was dealt with. Exit 15 when every attempt failed, else 0.
 */
export function txDeliveryCommand(
  id: string,
  { watch = false }: { readonly watch?: boolean },
  given: CommandGiven,
): Promise<ExitCode> {
  const transactionId = transactionIdArgument(id);
  const names = new ChannelNames();
  return withCore(given, async (core) => {
    if (watch) await tellAsItHappens(core, transactionId, names, given);
    const attempts = await getDelivery(core, transactionId, core);
    const events = attempts.flatMap((attempt) => attempt.events);
    if (!watch) for (const event of inOrder(events)) tell(event, transactionId, names, given);
    for (const attempt of attempts) {
      const { platform, linkId, state, reason, issue } = attempt;
      given.terminal.record({ transactionId, platform, linkId, state, reason, issue });
      given.terminal.result(attemptText(attempt, names));
    }
    const failed = attempts.length > 0 && attempts.every(({ state }) => state === "FAILED");
    return failed ? ExitCode.UNDELIVERABLE : ExitCode.DONE;
  });
}

async function tellAsItHappens(
  core: CoreConnection,
  transactionId: string,
  names: ChannelNames,
  given: CommandGiven,
): Promise<void> {
  const stop = new AbortController();
  const release = given.terminal.io.onInterrupt(() => stop.abort());
  try {
    for await (const event of watchDelivery(core, transactionId, core, stop.signal)) {
      tell(event, transactionId, names, given);
    }
  } finally {
    release();
  }
}

function tell(event: DeliveryEvent, transactionId: string, names: ChannelNames, { terminal }: CommandGiven): void {
  const { eventId, type, at, platform, linkId, reason, issue } = event;
  terminal.record({ transactionId, eventId, event: type, at: at.toISOString(), platform, linkId, reason, issue });
  terminal.result(eventText(event, names));
}

/** Of one moment in the order in which the core told them. */
function inOrder(events: readonly DeliveryEvent[]): DeliveryEvent[] {
  return events.toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

import { KeyError, type DaemonConnection } from "@countersign/sdk";

/**
 * Stands where the daemon of this host would: the key is at the owner's own PC, who takes the transaction there by
 * `countersign approve`. Asked to sign, it waits until that is over.
 */
export function keyElsewhere(): DaemonConnection {
  return {
    listKeys: () => Promise.resolve([]),
    sign: (_request, signal) => untilOver(signal),
    enrol: cannot,
    setPin: cannot,
    reset: cannot,
    verifyUser: cannot,
    answer: () => Promise.resolve(false),
    close: () => undefined,
  };
}

function cannot(): never {
  throw new KeyError("NO_KEY", "the key is at another PC");
}

async function* untilOver(signal: AbortSignal | undefined): AsyncGenerator<never, void> {
  await new Promise<void>((resolve) => {
    if (signal === undefined || signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  yield* [];
}

import {
  appView,
  createTransaction,
  findDifference,
  openTransaction,
  ownLines,
  watchToTheEnd,
  withRepeatLine,
  type ConfirmRequest,
  type CoreConnection,
  type Outcome,
  type Pinned,
  type Progress,
  type Standing,
} from "@countersign/sdk";

/** What asking works with. */
export interface ElsewhereGiven {
  /** With the token of an app. */
  readonly core: CoreConnection;
  readonly pinned: Pinned;
  /** Aborting withdraws; its reason is the outcome that then stands for the withdrawal. */
  readonly signal: AbortSignal;
  /** Gets what the user's client may have instead of an app token. */
  readonly onToken?: ((confirmationToken: string) => void) | undefined;
}

/**
 * As confirm() of the SDK, where the key is not on this machine: creates, compares what the core froze with what was meant,
 * and waits until the user has taken it to his key elsewhere. Over at CONFIRMED, which the core alone says here: whoever
 * acts on it wants proof besides.
 */
export async function* askElsewhere(request: ConfirmRequest, given: ElsewhereGiven): AsyncGenerator<Progress, void> {
  const { core, signal } = given;
  const created = await createTransaction(request, core, { ...core, signal });
  if ("outcome" in created) return yield created;
  given.onToken?.(created.confirmationToken);
  const open = openTransaction(created.transaction);
  const { transactionId, tag, issuer, mode, lines, lifetimeMs } = open;
  const view = appView(core, transactionId, core);
  const withdraw = (): Promise<void> => view.withdraw("withdrawn by who asked").catch(() => undefined);
  yield { type: "created", transactionId, tag, issuer, mode, lines, lifetimeMs };
  const own = withRepeatLine(ownLines(request), request.repeatOf, lines);
  const difference = findDifference(own, request.kind, open, given.pinned.serverId);
  if (difference !== undefined) {
    await withdraw();
    return yield { type: "outcome", outcome: { state: "CONTENT_DIFFERS", difference } };
  }
  yield { type: "equal" };
  const stop = new AbortController();
  let withdrawn = false;
  const abort = (): void => {
    withdrawn = true;
    // The watch tells whether it came in time; a core that cannot be reached lets the transaction expire.
    void withdraw().finally(() => setTimeout(() => stop.abort(), 2_000).unref());
  };
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    for await (const standing of watchToTheEnd(view, stop.signal)) {
      const { state, detail, approvals } = standing;
      yield { type: "state", state, detail, approvals };
      const outcome = outcomeOf(standing);
      if (outcome === undefined) continue;
      const ours = withdrawn && outcome.state === "CANCELLED";
      return yield { type: "outcome", outcome: ours ? (signal.reason as Outcome) : outcome };
    }
    yield { type: "outcome", outcome: signal.reason as Outcome };
  } finally {
    signal.removeEventListener("abort", abort);
    stop.abort();
  }
}

function outcomeOf({ confirmed, ending }: Standing): Outcome | undefined {
  if (confirmed) return { state: "CONFIRMED" }; // also where somebody carries it out already: then claiming fails
  return ending === "EXECUTED" ? { state: "CONFIRMED" } : ending;
}

import { t } from "@countersign/pages";
import type { Transaction } from "@countersign/proto/web/core/v1/transaction_service";
import { confirmOpen, openCore, type Outcome, type Progress, webAuthnKey } from "@countersign/sdk/browser";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { CoreFailure } from "../connection/core-failure.ts";
import { type Choice, ChosenKey } from "./chosen-key.ts";
import { daemon } from "./daemon.ts";
import { keyFailureOf } from "./key-failure.ts";
import { stepWords } from "./key-words.ts";

/** How it ended, as far as a page is told; the phone tells the rest. */
export type KeyEnding = "executed" | "ended" | "tampered" | "unknown";

/** One transaction on its way to the administrator's key, from when it is shown until it is over or the page is left. */
export class Taking {
  readonly key: ChosenKey = new ChosenKey(placeOf);
  readonly #told = signal<string | undefined>(undefined);
  readonly #failure = signal<CoreFailure | undefined>(undefined);
  readonly #stop = new AbortController();
  readonly #leave = new AbortController();

  /** What the key waits for, or did last. */
  get told(): ReadonlySignal<string | undefined> {
    return this.#told;
  }

  /** Why it cannot be followed. */
  get failure(): ReadonlySignal<CoreFailure | undefined> {
    return this.#failure;
  }

  /** Takes it to the key that its user chooses, and follows it to its end. undefined: left before. */
  async follow(transaction: Transaction, confirmationToken: string): Promise<KeyEnding | undefined> {
    const given = {
      core: openCore({ address: location.origin, token: undefined }),
      daemon: this.key,
      // The core brings this page itself: nothing is pinned here that it could be held against. Key and phone do that.
      pinned: { serverId: transaction.serverId, publicKeys: [] },
      ...{ requester: "Countersign console", waitForOthers: true },
      ...{ signal: this.#stop.signal, leave: this.#leave.signal },
    };
    try {
      for await (const event of confirmOpen(transaction, confirmationToken, given)) {
        const ending = endingIn(event);
        if (ending !== undefined) return ending;
        this.#told.value = this.#wordsOf(event) ?? this.#told.value;
      }
    } catch (error) {
      const failure = keyFailureOf(error);
      if (failure === undefined) throw error;
      this.#failure.value = failure;
    }
    return undefined;
  }

  /** Wants it over; it is told as any other end. */
  withdraw(): void {
    this.#stop.abort();
  }

  /** Stops the key. The transaction stays as it is. */
  leave(): void {
    this.#leave.abort();
  }

  /** undefined: what was told before stays true. */
  #wordsOf(event: Progress): string | undefined {
    if (event.type === "signed") return t(event.rejected ? "key-rejected" : "key-signed");
    if (event.type === "try-again") return t("key-again");
    if (event.type === "state" && event.state !== "WAITING") return t("key-taken");
    if (event.type !== "key") return undefined;
    if (this.key.asked.value?.way === "daemon") return stepWords(event.step);
    return event.step === "touch" ? t("key-touch") : undefined;
  }
}

function placeOf(choice: Choice): Pick<ReturnType<typeof daemon>, "sign"> {
  if (choice.way === "daemon") return daemon();
  return webAuthnKey({ place: navigator.credentials, askCode: async () => choice.code });
}

/** What the core says of itself is enough here: without a pinned key no receipt could prove it. */
function endingIn(event: Progress): KeyEnding | undefined {
  if (event.type === "state" && event.state === "EXECUTED") return "executed";
  return event.type === "outcome" ? endingOf(event.outcome) : undefined;
}

const ENDINGS: { readonly [S in Outcome["state"]]?: KeyEnding } = {
  ...{ EXECUTED: "executed", RECEIPT_UNVERIFIED: "executed", APPROVED: "executed" },
  ...{ TAMPERED: "tampered", CONTENT_DIFFERS: "tampered", EXECUTION_UNKNOWN: "unknown" },
};

function endingOf({ state }: Outcome): KeyEnding {
  return ENDINGS[state] ?? "ended";
}

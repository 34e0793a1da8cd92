import { type ReadonlySignal, signal } from "@preact/signals";
import { confirm, CoreError, type ConfirmGiven, type Progress, resume } from "@countersign/sdk/browser";
import { BankFailure, type BankSession, takeGrant } from "../bank/bank.ts";
import { CodeRequest } from "./code-request.ts";
import { endingIn, forget, keep, keepEnding, type Kept, keptIn } from "./kept.ts";
import { inOneTab } from "./one-tab.ts";
import { after, type Broken, newPayment, type Payment } from "./payment.ts";
import { coreOf, NO_KEY, pinnedOf, placeOf } from "./wired.ts";

/** What a payment is begun with. */
export type Begun = Omit<Kept, "confirmationToken" | "user">;

const current = signal<Payment | undefined>(undefined);
const silent = signal(false);
const elsewhere = signal(false);

/** The payment of this tab; undefined: none is on its way, and none has ended that is still shown. */
export const payment: ReadonlySignal<Payment | undefined> = current;
/** The core does not answer just now; it is asked on. */
export const isCoreSilent: ReadonlySignal<boolean> = silent;
/** Another tab has this very payment. */
export const isElsewhere: ReadonlySignal<boolean> = elsewhere;
/** The code of the phone, where it is typed in this page. */
export const code: CodeRequest = new CodeRequest();

let stop = new AbortController();

/** Begins a payment and follows it to its end. */
export function pay(begun: Begun, session: BankSession): Promise<void> {
  return run({ ...begun, user: session.user, confirmationToken: undefined }, session, true);
}

/** Goes on with what this tab kept over a reload, or with what broke; shows again how the last one ended. */
export async function goOn(session: BankSession): Promise<void> {
  const { user } = session;
  const kept = keptIn(sessionStorage, user);
  if (kept !== undefined) return run(kept, session, false);
  current.value = endingIn(sessionStorage, user);
  // Of somebody else who was logged in here before: it is not shown, and its token opens nothing for this one.
  if (current.value === undefined) forget(sessionStorage);
}

/** Wants it withdrawn; its end is told as any other. */
export function withdraw(): void {
  if (current.value === undefined) return;
  current.value = { ...current.value, withdrawing: "asked" };
  stop.abort();
}

/** The payment that has ended is shown no more. */
export function putAway(): void {
  if (current.value?.outcome !== undefined || current.value?.broken !== undefined) current.value = undefined;
  forget(sessionStorage);
}

async function run(kept: Kept, session: BankSession, isFirst: boolean): Promise<void> {
  stop = new AbortController();
  silent.value = false;
  current.value = newPayment(kept);
  keep(kept, sessionStorage);
  await inOneTab(
    kept.requestId,
    (is) => (elsewhere.value = is),
    () => new Following(kept, session).toTheEnd(isFirst),
  );
}

/** One payment on its way, whatever breaks. */
class Following {
  readonly #session: BankSession;
  #kept: Kept;

  constructor(kept: Kept, session: BankSession) {
    this.#kept = kept;
    this.#session = session;
  }

  async toTheEnd(isFirst: boolean): Promise<void> {
    try {
      await this.#read(await this.#events(isFirst));
    } catch (error) {
      this.#breaks(brokenBy(error));
      if (this.#kept.confirmationToken !== undefined) await this.#learnEnd();
    }
    if (current.value?.outcome !== undefined) keepEnding(current.value, this.#session.user, sessionStorage);
  }

  /** The key is asked no more; what became of the payment the core knows, and a moment later it may answer. */
  async #learnEnd(): Promise<void> {
    const { confirmationToken } = this.#kept;
    if (confirmationToken === undefined) return;
    try {
      await this.#read(resume(confirmationToken, { ...this.#given(undefined), daemon: NO_KEY, meant: undefined }));
    } catch (error) {
      this.#breaks(brokenBy(error));
    }
  }

  async #events(isFirst: boolean): Promise<AsyncIterable<Progress>> {
    const { order, requestId, repeatOf, confirmationToken } = this.#kept;
    const { user } = this.#session;
    if (confirmationToken !== undefined) {
      // A repeat has a line of the core's beside those that were meant: then key and phone alone compare.
      const meant = repeatOf === undefined ? order.lines : undefined;
      return resume(confirmationToken, { ...this.#given(undefined), meant });
    }
    const grant = await takeGrant(requestId);
    const { kind, fields, payload } = order;
    const request = { userId: user, requestId, isFirstTry: isFirst, kind, fields, payload, repeatOf };
    return confirm(request, this.#given(grant));
  }

  #given(grant: string | undefined): ConfirmGiven {
    const { way, deviceId, takesCode } = this.#kept;
    return {
      core: coreOf(this.#session, grant, () => (silent.value = true)),
      daemon: placeOf(way, askCode),
      pinned: pinnedOf(this.#session),
      deviceId,
      ...(takesCode && way === "daemon" ? { askCode } : {}),
      requester: "Web client",
      waitForOthers: true,
      signal: stop.signal,
      keepToken: (confirmationToken) => {
        this.#kept = { ...this.#kept, confirmationToken };
        keep(this.#kept, sessionStorage);
      },
    };
  }

  async #read(events: AsyncIterable<Progress>): Promise<void> {
    for await (const event of events) {
      silent.value = false;
      if (current.value !== undefined) current.value = after(current.value, event, Date.now());
    }
  }

  #breaks(broken: Broken): void {
    silent.value = false;
    if (current.value !== undefined) current.value = { ...current.value, broken };
  }
}

function askCode(ends: AbortSignal): Promise<string | undefined> {
  return code.ask(ends);
}

/** Whose fault it is, as far as it can be told. What is a fault of this page is told as one. */
function brokenBy(error: unknown): Broken {
  if (error instanceof BankFailure) return "bank";
  if (!(error instanceof CoreError)) {
    console.error(error);
    return "page";
  }
  return DAEMON.includes(error.reason) ? "daemon" : "core";
}

/** Reasons that only the daemon of this PC gives. */
const DAEMON = ["NO_DAEMON", "NOT_PAIRED", "TOO_MANY_PAIRINGS", "NO_PROMPT"];

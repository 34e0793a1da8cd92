import { CodeServiceGetDeliveryRequest, DeliveryState } from "@countersign/proto/web/core/v1/code_service";
import type { SignRequest } from "@countersign/proto/web/device/v1/device_service";
import { ask, pause as realPause } from "./call.ts";
import type { Line } from "@countersign/protocol";
import type { ConfirmGiven } from "./confirm.ts";
import { CoreError } from "./core-error.ts";
import { KeyError, type AssertedByKey, type SignedByKey } from "./key-place.ts";
import { GET_DELIVERY } from "./methods.ts";
import { EventQueue } from "./event-queue.ts";
import type { Outcome, Progress } from "./outcome.ts";
import { checkReceipt } from "./receipt-check.ts";
import { nextStepOf } from "./refusal-outcome.ts";
import type { Standing } from "./standing.ts";
import type { OpenTransaction } from "./transaction-view.ts";
import type { View } from "./view.ts";
import { watchToTheEnd } from "./watch.ts";

/** How often the key is asked at most: tries and resent codes of the strictest policy fit in. */
const MOST_ROUNDS = 10;

/** Key and core count the same lifetime from other beginnings, the key in whole seconds. */
const LAST_MOMENTS_MS = 3_000;

/** How often one statement is handed in while the core is away or busy. It gets the same verdict each time. */
const MOST_SUBMITS = 20;

/** What a confirmation is about. */
interface ConfirmationOf {
  readonly open: OpenTransaction;
  readonly own: readonly Line[];
  readonly isNew: boolean;
  /** From VerifyUser; "": the key asks after its pages. */
  readonly session: string;
}

/**
 * One transaction between key and core. Two loops write into one queue: the watch, which alone says how it ended, and
 * the key, which is stopped as soon as the watch knows an ending.
 */
export class Confirmation {
  readonly #open: OpenTransaction;
  readonly #own: readonly Line[];
  readonly #view: View;
  readonly #given: ConfirmGiven;
  readonly #events = new EventQueue<Progress>();
  readonly #keyStop = new AbortController();
  readonly #watchStop = new AbortController();
  readonly #startedAt = performance.now();
  /** Why this client gave up: stands for the bare CANCELLED or ENDED that follows its withdrawal. */
  #because: Outcome | undefined;
  /** What led to the key failed: it is thrown. */
  #broke: { readonly error: unknown } | undefined;
  /** What the key signed so far. */
  readonly #signed: Uint8Array[] = [];
  /** The transaction was made for this confirmation: no other client has had its key sign it. */
  readonly #isNew: boolean;
  #rejectedOnKey = false;
  /** The user confirmed, others have to: it is no longer this client's to withdraw. */
  #isPartial = false;
  /** Keys that may sign, as the core told last; empty: it did not tell. */
  #keyIds: readonly string[];
  /** Some of them were revoked while the key was asked. */
  #someRevoked = false;
  /** Of the Sign that runs: it names keys that may be gone by now. */
  #signStop = new AbortController();
  /** From VerifyUser, for the first Sign. */
  #session: string;

  constructor({ open, own, isNew, session }: ConfirmationOf, view: View, given: ConfirmGiven) {
    this.#open = open;
    this.#own = own;
    this.#isNew = isNew;
    this.#keyIds = open.keyIds;
    this.#session = session;
    this.#view = view;
    this.#given = given;
  }

  /** Withdraws without having asked the key. A core that cannot be reached lets the transaction expire. */
  async *giveUp(outcome: Outcome): AsyncGenerator<Progress, void> {
    await this.#view.withdraw("the client stopped").catch(() => undefined);
    yield { type: "outcome", outcome };
  }

  /** `content` is the client's own: what the key shows. Undefined: the key is not asked, only followed is the rest. */
  async *run(content: Uint8Array | undefined): AsyncGenerator<Progress, void> {
    const { signal, leave } = this.#given;
    if (leave?.aborted === true) return;
    const abort = (): void => this.#guard(this.#stop({ state: "CANCELLED", byUser: true }));
    const end = (): void => this.#events.end();
    signal?.addEventListener("abort", abort, { once: true });
    leave?.addEventListener("abort", end, { once: true });
    this.#guard(this.#watch());
    if (content !== undefined) this.#guard(this.#askKey(content));
    if (this.#given.core.token?.isOfApp === true) this.#guard(this.#followDelivery());
    if (signal?.aborted === true) abort();
    try {
      yield* this.#events;
    } finally {
      signal?.removeEventListener("abort", abort);
      leave?.removeEventListener("abort", end);
      this.#keyStop.abort();
      this.#watchStop.abort();
    }
  }

  /** A loop that breaks ends the confirmation with its error, not the process. */
  #guard(loop: Promise<void>): void {
    loop.catch((error: unknown) => this.#events.fail(error));
  }

  async #watch(): Promise<void> {
    let last = "";
    for await (const standing of watchToTheEnd(this.#view, this.#watchStop.signal, this.#given.pause)) {
      const { state, detail, approvals, signed } = standing;
      const seen = `${state} ${approvals?.given ?? ""}`;
      if (seen !== last) this.#events.push({ type: "state", state, detail, approvals });
      last = seen;
      if (!signed) this.#followKeys(standing);
      if (signed || standing.ending !== undefined) this.#keyStop.abort();
      this.#isPartial = state === "PARTIAL";
      if (this.#isPartial && this.#given.waitForOthers !== true) return this.#finish({ state: "PARTIAL", approvals });
      if (standing.confirmed && this.#given.until === "confirmed") return this.#finish({ state: "CONFIRMED" });
      if (standing.ending !== undefined) return this.#finish(await this.#conclude(standing));
    }
    if (!this.#watchStop.signal.aborted) throw new Error("the core ended the watch before the transaction was over");
  }

  async #conclude({ ending }: Standing): Promise<Outcome> {
    if (ending === "EXECUTED" || ending === undefined) {
      const signed = this.#isNew ? this.#signed : undefined;
      const confirmed = { open: this.#open, own: this.#own, signed };
      return checkReceipt(() => this.#view.receipt(), confirmed, this.#given.pinned);
    }
    const bare = ending.state === "CANCELLED" || ending.state === "ENDED" || ending.state === "EXPIRED";
    if (bare && this.#broke !== undefined) throw this.#broke.error;
    if (bare && this.#because !== undefined) return this.#because;
    if (bare && this.#someRevoked && this.#keyIds.length === 0) return { state: "KEY_REVOKED" };
    // A signed reject of altered content is TAMPERED to the core. What the user did stands above what he thereby proved;
    // the alarm reaches him by chat.
    const refused = ending.state === "ENDED" || ending.state === "TAMPERED";
    if (refused && this.#rejectedOnKey) return { state: "REJECTED", onKey: true, because: "" };
    return ending;
  }

  /** What a revoked key would sign is refused: it is told to stop, and whatever other key is left is asked instead. */
  #followKeys({ keyIds, ending }: Standing): void {
    const before = this.#keyIds;
    // An old core tells no keys at all; a new one tells none only when none is left.
    if (keyIds.length === 0 && (before.length === 0 || (ending !== undefined && !isBare(ending)))) return;
    this.#keyIds = keyIds;
    if (!before.some((one) => !keyIds.includes(one))) return;
    this.#someRevoked = true;
    this.#events.push({ type: "key-revoked", left: keyIds.length });
    this.#signStop.abort();
    if (keyIds.length === 0 && ending === undefined) this.#guard(this.#stop({ state: "KEY_REVOKED" }));
  }

  async #askKey(content: Uint8Array): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS && !this.#keyStop.signal.aborted; round += 1) {
      let signed: SignedByKey | AssertedByKey;
      const signStop = new AbortController();
      this.#signStop = signStop;
      try {
        signed = await this.#sign(content, AbortSignal.any([this.#keyStop.signal, signStop.signal]));
      } catch (error) {
        if (this.#keyStop.signal.aborted) return;
        // Asked anew with the keys that are left; the device at hand may not be one of them.
        if (signStop.signal.aborted) continue;
        if (error instanceof KeyError && error.status === "NO_KEY" && this.#someRevoked)
          return this.#stop({ state: "KEY_REVOKED" });
        // The key counts by itself and may be first at the end of the lifetime: the core tells that, not a withdrawal.
        if (error instanceof KeyError && error.status === "USER_TIMEOUT" && this.#leftMs() < LAST_MOMENTS_MS) return;
        if (error instanceof KeyError) return this.#stop(outcomeOfKey(error));
        return this.#breaks(error);
      }
      if (!(await this.#submit(signed))) return;
      this.#events.push({ type: "try-again" });
    }
    if (!this.#keyStop.signal.aborted) await this.#stop({ state: "NOT_CONFIRMED", reason: "" });
  }

  /** What leads to the key failed: withdrawn and thrown, whichever of its calls was the first to notice. */
  async #breaks(failure: unknown): Promise<never> {
    // Kept first: the watch may be faster than the answer to the withdrawal, and would tell of that alone.
    this.#broke ??= { error: failure };
    await this.#view.withdraw("the key's daemon failed").catch(() => undefined);
    throw this.#broke.error;
  }

  async #sign(content: Uint8Array, signal: AbortSignal): Promise<SignedByKey | AssertedByKey> {
    // Of the prompt for the code, if there is one: whatever follows makes it superfluous.
    let asking = new AbortController();
    try {
      for await (const event of this.#given.daemon.sign(this.#signRequest(content), signal)) {
        asking.abort();
        if (typeof event !== "string") return this.#noteSigned(event);
        this.#events.push({ type: "key", step: event });
        asking = new AbortController();
        if (event === "code") this.#guard(this.#askCode(AbortSignal.any([signal, asking.signal])));
      }
    } finally {
      asking.abort();
    }
    throw new KeyError("KEY_LEFT", "the key gave no answer");
  }

  #signRequest(content: Uint8Array): Partial<SignRequest> {
    const { deviceId = "", requester = "" } = this.#given;
    const { serverId, transactionId, nonce, mode, fido } = this.#open;
    const keyIds = [...this.#keyIds];
    const credentials = (fido?.credentials ?? []).filter(({ keyId }) => keyIds.length === 0 || keyIds.includes(keyId));
    // Good for one Sign: a further one takes PIN or finger again.
    const session = this.#session;
    this.#session = "";
    return {
      ...{ deviceId, requester, serverId, transactionId, keyIds, session },
      ...{ nonce, content },
      mode: mode === 1 || mode === 2 || mode === 3 ? mode : 0,
      expiresInS: Math.min(600, Math.max(1, Math.floor(this.#leftMs() / 1000))),
      rpId: fido?.rpId ?? "",
      fidoCredentials: credentials.map(({ keyId, credentialId }) => ({ keyId, credentialId })),
    };
  }

  #noteSigned(event: SignedByKey | AssertedByKey): SignedByKey | AssertedByKey {
    this.#rejectedOnKey ||= event.rejected;
    this.#signed.push("assertion" in event ? event.signedAssertion : event.signedStatement);
    this.#events.push({ type: "signed", rejected: event.rejected });
    return event;
  }

  /** The daemon may have a prompt of its own, and whoever is faster is heard: an answer that comes too late is no error. */
  async #askCode(signal: AbortSignal): Promise<void> {
    let code: string | undefined;
    do {
      code = await this.#given.askCode?.(signal);
      if (code === undefined || signal.aborted) return;
    } while (!/^\d{6,10}$/.test(code));
    try {
      await this.#given.daemon.answer(this.#open.transactionId, code);
    } catch (error) {
      // What the key said of it comes by the Sign as well, and so does an ending that came meanwhile.
      if (!(error instanceof KeyError) && !signal.aborted) await this.#breaks(error);
    }
  }

  #leftMs(): number {
    return this.#open.lifetimeMs - (performance.now() - this.#startedAt);
  }

  /** True when the key is to be asked again. */
  async #submit(signed: SignedByKey | AssertedByKey): Promise<boolean> {
    for (let tries = 0; tries < MOST_SUBMITS; tries += 1) {
      try {
        await this.#view.submit(signed);
        return false;
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
        const step = error.isOutage ? ({ next: "wait", ms: 1_000 } as const) : nextStepOf(error);
        if (step.next === "ask-again") return !this.#rejectedOnKey;
        if (step.next === "watch") return false;
        if (step.next === "stop") {
          await this.#stop(step.outcome);
          return false;
        }
        await (this.#given.pause ?? realPause)(step.ms, this.#keyStop.signal);
        if (this.#keyStop.signal.aborted) return false;
      }
    }
    await this.#stop({ state: "BUSY", retryAfterMs: undefined });
    return false;
  }

  /** Stops the key and withdraws; the watch then sees the ending. What is confirmed by now may go on: then it is told. */
  async #stop(because: Outcome): Promise<void> {
    if (this.#isPartial) return this.#finish({ state: "PARTIAL", approvals: undefined });
    this.#because ??= because;
    this.#keyStop.abort();
    try {
      await this.#view.withdraw("withdrawn by the client");
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      if (error.isOutage) this.#finish(this.#because);
      else if (because.state === "CANCELLED") this.#events.push({ type: "state", state: "TOO_LATE", detail: "" });
    }
  }

  /** Reports the first sending of the message, or why a channel failed. */
  async #followDelivery(): Promise<void> {
    const { core, pause = realPause } = this.#given;
    const request = CodeServiceGetDeliveryRequest.create({ transactionId: this.#open.transactionId });
    const given = { token: core.token, deadlineMs: core.deadlineMs, patienceMs: 0, pause };
    let failed = 0;
    while (!this.#keyStop.signal.aborted) {
      const answer = await ask(core.port, GET_DELIVERY, request, given).catch(() => undefined);
      const attempts = answer?.attempts ?? [];
      const tookMs = performance.now() - this.#startedAt;
      const failures = attempts.filter(({ state }) => state === DeliveryState.FAILED);
      for (const { platform, reason } of failures.slice(failed)) {
        this.#events.push({ type: "delivery", platform, sent: false, reason, tookMs });
      }
      failed = failures.length;
      const sent = attempts.find(({ state }) => state === DeliveryState.SENT);
      if (sent !== undefined) {
        return this.#events.push({ type: "delivery", platform: sent.platform, sent: true, reason: "", tookMs });
      }
      await pause(300, this.#keyStop.signal);
    }
  }

  #finish(outcome: Outcome): void {
    this.#events.push({ type: "outcome", outcome });
    this.#events.end();
  }
}

function isBare(ending: NonNullable<Standing["ending"]>): boolean {
  return ending !== "EXECUTED" && (ending.state === "CANCELLED" || ending.state === "ENDED");
}

/** What it means for a confirmation that the key said no. */
export function outcomeOfKey(error: KeyError): Outcome {
  const { message } = error;
  switch (error.reason) {
    case "NO_KEY":
    case "KEY_LEFT":
      return { state: error.reason, message };
    case "KEY_REFUSED":
      return { state: "KEY_REFUSED", status: error.status, message };
    case "KEY_BUSY":
      return { state: "BUSY", retryAfterMs: undefined };
  }
}

import { randomInt } from "node:crypto";
import { ChannelError, type BotLog, type Timer } from "@countersign/bot-kit";
import type { Pdu } from "smpp";
import { ReceiptBook, receiptOf } from "../receipt-book.ts";
import type { Sender } from "../sender.ts";
import type { ReceiptTaker, Sms, SmsPlatform, SubmitOptions } from "../sms-platform.ts";
import { formsOfId, type DeliveryReport } from "./delivery-report.ts";
import { BindRefused, SmppLink, type SmscAccount } from "./link.ts";
import { LinkKeeper } from "./link-keeper.ts";
import { asksForSilence, submitFailure } from "./submit-failure.ts";
import { submitFields, type Joining } from "./submit-fields.ts";
import { Throttle } from "./throttle.ts";
import { validityPeriod, type ValidityForm } from "./validity-period.ts";
import { Window } from "./window.ts";

interface SmppGiven {
  readonly account: SmscAccount;
  readonly sender: Sender | undefined;
  /** Requests that may be unanswered at a time; default 10. */
  readonly window?: number;
  readonly joining?: Joining;
  readonly validity?: ValidityForm;
  /** False: the SMSC's default alphabet is not GSM 7-bit, so everything goes as UCS-2. Default true. */
  readonly gsm7?: boolean;
  readonly timer: Timer;
  readonly log: BotLog;
}

const ALREADY_BOUND = 0x05;
const REFUSED_FOR_GOOD: readonly number[] = [0x0e, 0x0f];
const CLOSE_MS = 5_000;

/** SMPP 3.4: one transceiver bind to one SMSC. */
export class SmppPlatform implements SmsPlatform {
  readonly speaksGsm7: boolean;
  readonly #given: SmppGiven;
  readonly #window: Window;
  readonly #throttle: Throttle;
  readonly #keeper: LinkKeeper;
  readonly #book: ReceiptBook = new ReceiptBook(formsOfId);
  readonly #submitting = new Set<Promise<string>>();
  #reference = randomInt(256);
  #take: ReceiptTaker = async () => false;

  constructor(given: SmppGiven) {
    this.#given = given;
    this.speaksGsm7 = given.gsm7 ?? true;
    this.#window = new Window(given.window ?? 10);
    this.#throttle = new Throttle(given.timer);
    const { timer, log } = given;
    this.#keeper = new LinkKeeper({ bind: async (signal) => this.#bind(signal), timer, log });
  }

  onReceipt(taker: ReceiptTaker): void {
    this.#take = taker;
  }

  /** An account that is bound already, by the process that holds the lease, is one that the SMSC knows. */
  async check(signal: AbortSignal): Promise<void> {
    const refused = await this.#bind(signal).then(async (link) => link.close(), onlyRefusal);
    if (refused === undefined || refused.status === ALREADY_BOUND) return;
    if (!REFUSED_FOR_GOOD.includes(refused.status)) throw refused;
    throw new Error("the SMSC does not know this account: check --system-id and --smpp-password-file");
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#keeper.open(signal);
  }

  async submit(sms: Sms, options: SubmitOptions): Promise<string> {
    const submitting = this.#submit(sms, options);
    this.#submitting.add(submitting);
    try {
      return await submitting;
    } finally {
      this.#submitting.delete(submitting);
    }
  }

  async close(): Promise<void> {
    const over = new AbortController();
    const answered = Promise.allSettled(this.#submitting);
    await Promise.race([answered, this.#given.timer.sleep(CLOSE_MS, over.signal)]);
    over.abort();
    await this.#keeper.close();
  }

  async #bind(signal: AbortSignal): Promise<SmppLink> {
    const { account, timer } = this.#given;
    return SmppLink.bind({ account, timer, onReport: async (report) => this.#report(report) }, signal);
  }

  // Part after part: when the first is refused, nothing of the message is on its way.
  async #submit(sms: Sms, options: SubmitOptions): Promise<string> {
    const { sender, joining = "udh" } = this.#given;
    this.#reference = (this.#reference + 1) % 256;
    const ids: string[] = [];
    for (const fields of submitFields(sms, { sender, joining }, this.#reference)) {
      try {
        ids.push(await this.#submitPart(fields, sms, options));
      } catch (error) {
        throw ids.length === 0 ? error : halfSent(error);
      }
    }
    const providerId = ids.join(",");
    this.#book.keep(providerId, sms.to, ids);
    return providerId;
  }

  async #submitPart(fields: Record<string, unknown>, sms: Sms, options: SubmitOptions): Promise<string> {
    const { signal, beforeWrite } = options;
    const leave = await this.#window.enter(signal);
    let answer: Promise<Pdu>;
    try {
      this.#refuseWhileSilent();
      const link = await this.#keeper.link(signal);
      this.#refuseWhileSilent();
      answer = link.request("submit_sm", { ...fields, ...this.#validity(sms) }, beforeWrite);
    } catch (error) {
      leave();
      throw error;
    }
    answer.then(leave, leave);
    return this.#judge(await untilAborted(answer, signal), sms);
  }

  #judge(pdu: Pdu, sms: Sms): string {
    const { command, command_status: status } = pdu;
    if (asksForSilence(status)) throw submitFailure(status, this.#throttle.asked());
    if (status !== 0) throw submitFailure(status);
    if (command !== "submit_sm_resp") throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
    this.#throttle.taken();
    const id = pdu["message_id"];
    // Accepted without an id that could be kept: accepted all the same.
    return typeof id === "string" && /^[!-+\--~]{1,65}$/.test(id) ? id : sms.messageRef;
  }

  #validity({ notAfter }: Sms): Record<string, string> {
    const { timer, validity = "absolute" } = this.#given;
    if (notAfter === undefined) return {};
    const period = validityPeriod(notAfter, timer.now(), validity);
    if (period === undefined) throw new ChannelError({ fate: "not-sent", detail: "late" });
    return { validity_period: period };
  }

  #refuseWhileSilent(): void {
    const left = this.#throttle.left();
    if (left > 0) throw new ChannelError({ fate: "not-sent", detail: "rate-limited", retryAfterMs: left });
  }

  // A receipt can overtake the answer that names the id: only when nothing is under way any more is it of an earlier
  // process, and is told by what it says of itself.
  async #report({ messageId, from, reached }: DeliveryReport): Promise<boolean> {
    if (reached === undefined) return true;
    let key = this.#book.find(messageId, from);
    if (key === undefined) {
      await Promise.allSettled(this.#submitting);
      key = this.#book.find(messageId, from);
    }
    if (key !== undefined) {
      const receipt = this.#book.settle(key, reached);
      return receipt === undefined || this.#take(receipt);
    }
    return from === undefined || this.#take(receiptOf(messageId, from, reached));
  }
}

function onlyRefusal(error: unknown): BindRefused {
  if (error instanceof BindRefused) return error;
  throw error;
}

/** The first part is on its way: whatever became of the second, the phone may show something. */
function halfSent(error: unknown): ChannelError {
  const { detail, retryAfterMs } = error instanceof ChannelError ? error : { detail: "bug" as const };
  return new ChannelError({ fate: "unknown", detail, retryAfterMs });
}

async function untilAborted(answer: Promise<Pdu>, signal: AbortSignal): Promise<Pdu> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new ChannelError({ fate: "unknown", detail: "timeout" }));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

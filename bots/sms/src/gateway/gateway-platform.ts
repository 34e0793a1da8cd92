import { isLoopback, type BotLog, type Secret, type Timer } from "@countersign/bot-kit";
import { numberOf } from "../number.ts";
import { ReceiptBook, receiptOf } from "../receipt-book.ts";
import type { ReceiptTaker, Sms, SmsPlatform, SubmitOptions } from "../sms-platform.ts";
import { judgeAnswer } from "./answer.ts";
import { TemplateFiller } from "./fill.ts";
import { callGateway } from "./http-call.ts";
import { ReceiptListener } from "./receipt-listener.ts";
import type { GatewayTemplate } from "./template.ts";
import { Validity } from "./validity.ts";

interface GatewayGiven {
  readonly template: GatewayTemplate;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** As the template's {sender}; undefined: fields with it are left out. */
  readonly sender: string | undefined;
  /** Where delivery reports come in; undefined: none are asked for. */
  readonly receipts:
    | {
        readonly listen: { readonly host: string; readonly port: number };
        /** What the gateway is told, without the secret; undefined: the listener itself. */
        readonly url: string | undefined;
        /** Last part of the path: letters, digits, `-` and `_`. */
        readonly secret: Secret;
      }
    | undefined;
  /** Without TLS the gateway must be on this machine, unless this is true. */
  readonly plaintext?: boolean;
  readonly timer: Timer;
  readonly log: BotLog;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** Any gateway that takes an SMS by one HTTP request, described by a template. */
export class GatewayPlatform implements SmsPlatform {
  readonly speaksGsm7: boolean;
  readonly #given: GatewayGiven;
  readonly #filler: TemplateFiller;
  readonly #book: ReceiptBook = new ReceiptBook();
  readonly #submitting = new Set<Promise<string>>();
  readonly #listener: ReceiptListener | undefined;
  #receiptUrl: string | undefined;
  #take: ReceiptTaker = async () => false;
  #opened: Promise<void> | undefined;

  /** Throws an error that names what is wrong with the template. */
  constructor(given: GatewayGiven) {
    this.#given = given;
    const { template, secrets, receipts, plaintext } = given;
    const { protocol, hostname } = new URL(template.url);
    if (protocol === "http:" && !isLoopback(hostname) && plaintext !== true) {
      throw new Error(`gateway template: url: without TLS the code can be read on the way to ${hostname}: use https`);
    }
    this.speaksGsm7 = template.gsm7;
    this.#filler = new TemplateFiller(template, secrets);
    if (receipts === undefined || template.receipt === undefined) return;
    const take = async (parameters: ReadonlyMap<string, string>): Promise<number> => this.#report(parameters);
    this.#listener = new ReceiptListener(receipts.listen, receipts.secret.reveal(), take);
    if (receipts.url !== undefined)
      this.#receiptUrl = `${receipts.url.replace(/\/+$/, "")}/${receipts.secret.reveal()}`;
  }

  onReceipt(taker: ReceiptTaker): void {
    this.#take = taker;
  }

  /** Whether a gateway knows us, only a message would tell, and each costs. */
  async check(): Promise<void> {
    await Promise.resolve();
  }

  async open(signal: AbortSignal): Promise<void> {
    this.#opened ??= this.#listen(signal);
    await this.#opened;
    if (signal.aborted) this.#opened = undefined;
    else this.#given.log.write({ event: "listening" });
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
    await Promise.allSettled(this.#submitting);
    await this.#opened;
    this.#opened = undefined;
    await this.#listener?.stop();
  }

  // The address may still be held by a process that is ending.
  async #listen(signal: AbortSignal): Promise<void> {
    const { receipts, timer, log } = this.#given;
    const listener = this.#listener;
    if (listener === undefined || receipts === undefined) return;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const port = await listener.start().catch(() => undefined);
      if (port !== undefined) {
        this.#receiptUrl ??= `http://${receipts.listen.host}:${port}/${receipts.secret.reveal()}`;
        return;
      }
      log.write({ event: "listening-failed", detail: "connect", retryInMs: retryMs });
      await timer.sleep(retryMs, signal);
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  async #submit(sms: Sms, { signal, beforeWrite }: SubmitOptions): Promise<string> {
    const { template, timer, sender } = this.#given;
    const { to, text, messageRef: ref, segmented } = sms;
    const validity = new Validity(sms.notAfter, timer, template.roundValidityUp);
    const values = {
      ...{ to, toDigits: to.slice(1), text, sender, ref, receiptUrl: this.#receiptUrl },
      alphabet: template.alphabets?.[segmented.alphabet],
      validityMinutes: this.#filler.uses("validityMinutes") ? validity.minutes() : undefined,
      validitySeconds: this.#filler.uses("validitySeconds") ? validity.seconds() : undefined,
      validUntil: sms.notAfter?.toISOString(),
    };
    const answer = await callGateway(this.#filler.requestFor(values), signal, () => {
      validity.refuseStale();
      beforeWrite();
    });
    const providerId = judgeAnswer(answer, template) ?? ref;
    this.#book.keep(providerId, to, [template.receipt?.ref === undefined ? providerId : ref]);
    return providerId;
  }

  // 200: dealt with, or nothing of ours. 503: the gateway is to repeat it.
  async #report(parameters: ReadonlyMap<string, string>): Promise<number> {
    const { template } = this.#given;
    const { receipt } = template;
    const key = parameters.get(receipt?.ref ?? receipt?.id ?? "");
    const status = parameters.get(receipt?.status ?? "");
    if (receipt === undefined || key === undefined || status === undefined || !/^[!-~]{1,128}$/.test(key)) return 400;
    const reached = receipt.reached.test(status);
    if (!reached && !receipt.failed.test(status)) return 200;
    if (this.#book.find(key, undefined) === undefined) await Promise.allSettled(this.#submitting);
    const known = this.#book.settle(key, reached);
    const to = receipt.to === undefined ? undefined : numberOf(parameters.get(receipt.to) ?? "");
    if (known === undefined && to === undefined) return 200;
    const taken = await this.#take(known ?? receiptOf(key, to ?? "", reached));
    return taken ? 200 : 503;
  }
}

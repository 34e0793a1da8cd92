import { encodeInitAnswer, encodeMessage, HidCommand, parseReport, Reassembler } from "@countersign/key-protocol";
import type { HidTransport } from "../hid/hid-transport.ts";

const { INIT, CBOR, CANCEL } = HidCommand;
const CHANNEL = 0x0badcafe;

/** A FIDO2 key of the test's own behind HID reports: INIT is answered, and every CTAP2 request by `answer`. */
export class ScriptedKey implements HidTransport {
  readonly name = "scripted";
  /** Every CTAP2 request that came, in order. */
  readonly asked: Uint8Array[] = [];
  readonly #messages = new Reassembler(CHANNEL);
  readonly #answer: (request: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  #onReport: (report: Uint8Array) => void = () => undefined;
  #onClose: () => void = () => undefined;

  constructor(answer: (request: Uint8Array) => Uint8Array | Promise<Uint8Array>) {
    this.#answer = answer;
  }

  async write(report: Uint8Array): Promise<void> {
    const parsed = parseReport(report);
    if (parsed.type === "first" && parsed.command === INIT) {
      const nonce = parsed.data.slice(0, 8);
      const answer = { nonce, channel: CHANNEL, version: [1, 0, 0], capabilities: 4 } as const;
      this.#messages.reset();
      queueMicrotask(() => this.#say(parsed.channel, INIT, encodeInitAnswer(answer)));
      return;
    }
    const message = this.#messages.accept(report);
    if (message?.command === CANCEL) this.#say(CHANNEL, CBOR, Uint8Array.of(0x2d));
    if (message?.command !== CBOR) return;
    this.asked.push(message.payload);
    const reply = await this.#answer(message.payload);
    queueMicrotask(() => this.#say(CHANNEL, CBOR, reply));
  }

  onReport(listener: (report: Uint8Array) => void): void {
    this.#onReport = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  close(): void {
    this.#onClose();
  }

  #say(channel: number, command: number, payload: Uint8Array): void {
    for (const report of encodeMessage(channel, command, payload)) this.#onReport(report);
  }
}

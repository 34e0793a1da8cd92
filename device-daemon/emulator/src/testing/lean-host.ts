import { BROADCAST, decodeInitAnswer, encodeMessage, HidCommand, Reassembler } from "@countersign/key-protocol";
import type { InterfaceName, PoweredKey } from "../key.ts";

/** A message of the key. */
export interface LeanMessage {
  readonly channel: number;
  readonly command: number;
  readonly payload: Uint8Array;
}

/** One end of a key in memory that keeps nothing but the last messages: for runs of a million reports. */
export class LeanHost {
  readonly #port: InterfaceName;
  readonly #messages = new Map<number, Reassembler>();
  #heard: LeanMessage[] = [];

  constructor(port: InterfaceName) {
    this.#port = port;
  }

  /** Takes a report of the key. */
  hear(report: Uint8Array): void {
    const channel = new DataView(report.buffer, report.byteOffset).getUint32(0);
    const messages = this.#messages.get(channel) ?? new Reassembler(channel);
    const message = messages.accept(report);
    if (messages.busy) this.#messages.set(channel, messages);
    else this.#messages.delete(channel);
    if (message !== undefined && message.command !== HidCommand.KEEPALIVE) this.#heard.push({ channel, ...message });
  }

  /** What was heard since the last call. */
  take(): readonly LeanMessage[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }

  send(key: PoweredKey, reports: readonly Uint8Array[]): void {
    for (const report of reports) key.interfaces[this.#port]?.receive(report);
  }

  /** A channel of its own. */
  open(key: PoweredKey): number {
    this.send(key, encodeMessage(BROADCAST, HidCommand.INIT, new Uint8Array(8)));
    const answer = this.take().findLast(({ command }) => command === HidCommand.INIT);
    if (answer === undefined) throw new Error("no INIT answer");
    return decodeInitAnswer(answer.payload).channel;
  }
}

import { encodeInitAnswer, HidCommand, parseReport } from "@countersign/key-protocol";
import { ReportMutator, type SeededRandom } from "@countersign/key-protocol/testing";
import type { HidTransport } from "../hid/hid-transport.ts";

const { INIT, KEEPALIVE, ERROR, CANCEL, PING, CBOR, COUNTERSIGN } = HidCommand;

/** What a key says, so that most of the mutated messages are such as the daemon waits for. */
const SAID = [COUNTERSIGN, COUNTERSIGN, COUNTERSIGN, CBOR, KEEPALIVE, KEEPALIVE, ERROR, PING, INIT, CANCEL];

/**
 * A hostile device behind the daemon's HID stack. It answers INIT, mostly, so that it is talked to; everything else it
 * says comes from the mutator, on channels it has given and on others.
 */
export class HostileKey implements HidTransport {
  readonly name = "hostile";
  readonly #mutator: ReportMutator;
  readonly #channels: number[] = [];
  #inits = 0;
  #onReport: (report: Uint8Array) => void = () => undefined;
  #onClose: () => void = () => undefined;
  closed = false;

  constructor(seed: number) {
    this.#mutator = new ReportMutator({
      seed,
      channels: () => this.#channels,
      message: (random) => ({ command: random.pick(SAID), payload: somePayload(random) }),
    });
  }

  async write(report: Uint8Array): Promise<void> {
    const parsed = parseReport(report);
    if (parsed.type !== "first" || parsed.command !== INIT) return;
    // Every 4096th is not answered: the daemon has to ask again.
    if (this.#inits++ % 4_096 === 4_095) return;
    const fresh = parsed.channel === 0xffffffff;
    const channel = fresh ? 0x1000 + this.#inits : parsed.channel;
    if (fresh) this.#channels.push(channel);
    // The daemon keeps the first and the latest; a list of all that were ever given would be the test's own leak.
    if (this.#channels.length > 4) this.#channels.splice(1, 1);
    const answer = { nonce: parsed.data.slice(0, 8), channel, version: [1, 0, 0], capabilities: 0 } as const;
    queueMicrotask(() => this.#say(parsed.channel, encodeInitAnswer(answer)));
  }

  /** Sends this many mutated reports at once. */
  flood(count: number): void {
    this.send(this.draw(count));
  }

  /** Reports to be sent later: drawing them takes time, too. */
  draw(count: number): readonly Uint8Array[] {
    return Array.from({ length: count }, () => this.#mutator.next().report);
  }

  send(reports: readonly Uint8Array[]): void {
    for (const report of reports) this.#onReport(report);
  }

  onReport(listener: (report: Uint8Array) => void): void {
    this.#onReport = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#onClose();
  }

  #say(channel: number, payload: Uint8Array): void {
    const report = new Uint8Array(64);
    const view = new DataView(report.buffer);
    view.setUint32(0, channel);
    view.setUint8(4, 0x80 | INIT);
    view.setUint16(5, payload.length);
    report.set(payload, 7);
    this.#onReport(report);
  }
}

// Short ones are statuses, steps and error codes; long ones pretend to be CBOR.
function somePayload(random: SeededRandom): Uint8Array {
  const payload = random.bytes(random.below(4) === 0 ? random.below(1769) : random.below(20));
  if (payload.length > 0 && random.below(2) === 0) payload[0] = random.below(16);
  return payload;
}

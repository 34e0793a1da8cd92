// The worker of one attached bot: brings each chat of its lane from what it shows to what is wanted.
import type { Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import { findChat } from "../channel/chat.ts";
import { codeKeyOf, requireCodeKey } from "../code/code-key.ts";
import type { CoreGiven } from "../given.ts";
import type { Shard, UnixMs } from "../store/entity.ts";
import { IntegrityError, type Found } from "../store/store.ts";
import { advance, type Advance, type DeliveryPlace, type Handing } from "./advance.ts";
import type { Handed, Report } from "./attempt.ts";
import { REPORT_WITHIN_MS } from "./delivery-index.ts";
import type { Delivery } from "./delivery.ts";
import { codeOf } from "./deliver-message.ts";
import { findMessage } from "./find-message.ts";
import type { Seat } from "./lane-fence.ts";
import type { ProviderReceipt } from "./receipt.ts";

/** What the engine needs of the stream it works for. */
export interface EngineStream {
  readonly seat: Seat;
  /** When the bot's lease ends, by the store's clock; nothing is handed out from then on. */
  heldUntil(): UnixMs;
  /** Writes to the bot; rejects when the stream is over. */
  send(message: Deliver): Promise<void>;
  /** Something ended this holder: a newer fence, or an error that nobody foresaw. */
  fail(error: unknown): void;
}

interface Flight {
  readonly place: DeliveryPlace;
  readonly peerId: string;
  readonly handed: Handed;
  readonly at: UnixMs;
}

/** Messages at bots without a report; the rest waits in the lane, where it can be superseded. */
const MOST_FLIGHTS = 64;
const LANE_PAGE = 256;

/**
 * One chat at a time gets one message at a time, in order; chats do not wait for each other. Woken by commits alone:
 * what has to wait for a moment is brought back to the lane by `deliveryDue` when the moment comes.
 */
export class DeliveryEngine {
  readonly #given: CoreGiven;
  readonly #stream: EngineStream;
  readonly #flights = new Map<bigint, Flight>();
  /** Chats that are being dealt with, by the sequence they wait for; 0: none yet. */
  readonly #busy = new Map<string, bigint>();
  readonly #turns = new Map<Shard, Promise<unknown>>();
  readonly #work = new Set<Promise<void>>();
  readonly #reports = new Set<Promise<unknown>>();
  readonly #untrusted = new Set<string>();
  #sequence = 0n;
  #pausedUntil: UnixMs = 0;
  #pumping = false;
  #again = false;
  #stopped = false;
  #unsubscribe: (() => void) | undefined;

  constructor(given: CoreGiven, stream: EngineStream) {
    this.#given = given;
    this.#stream = stream;
  }

  start(): void {
    this.#unsubscribe = this.#given.store.subscribe((_shard, keys) => {
      if (keys.some(({ type }) => type === "delivery")) this.wake();
    });
    this.wake();
  }

  /** Looks into the lane: something may be handed out that could not be before. */
  wake(): void {
    this.#again = true;
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    this.#run(async () => {
      try {
        while (this.#again && !this.#stopped) {
          this.#again = false;
          await this.#readLane();
        }
      } finally {
        this.#pumping = false;
      }
    });
  }

  /** Hands out nothing more. What is at the bot stays SENDING and is UNKNOWN to the next holder. */
  stop(): void {
    this.#stopped = true;
    this.#unsubscribe?.();
  }

  /** Resolves when nothing is being read or written for the moment. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** What the bot reports. An unknown sequence number is a report that came twice. */
  report(sequence: bigint, report: Report): Promise<void> {
    const taking = this.#takeReport(sequence, report);
    const settled: Promise<unknown> = taking.then(
      () => this.#reports.delete(settled),
      () => this.#reports.delete(settled),
    );
    this.#reports.add(settled);
    return taking;
  }

  /**
   * What the provider says of a message after it had accepted it. Its Sent may be on its way into the store still, so
   * the reports before it come first. Another chat's or bot's message, an unknown one, or the same again: nothing.
   */
  async receipt(peerId: string, receipt: ProviderReceipt): Promise<void> {
    await Promise.all(this.#reports);
    const chat = await findChat(this.#given, this.#stream.seat, peerId);
    const place = chat && (await findMessage(this.#given, chat, receipt.providerId));
    if (place !== undefined)
      await this.#tryAdvance(place, { receipt, pausedUntil: 0, goesOn: false, heldUntil: this.#heldUntil });
  }

  async #takeReport(sequence: bigint, report: Report): Promise<void> {
    const flight = this.#flights.get(sequence);
    if (flight === undefined) return;
    this.#flights.delete(sequence);
    if (report.type === "failed" && report.fate === "not-sent" && report.retryAfterMs > 0) {
      this.#pausedUntil = Math.max(this.#pausedUntil, this.#given.store.now() + report.retryAfterMs);
    }
    const waited = this.#busy.get(flight.peerId) === sequence;
    const told = { handed: flight.handed, report };
    const how = { told, pausedUntil: this.#pausedUntil, goesOn: waited, heldUntil: this.#heldUntil };
    const next = await this.#tryAdvance(flight.place, how);
    if (typeof next === "object") await this.#hand(flight, next);
    else if (waited) this.#release(flight.peerId);
  }

  async #readLane(): Promise<void> {
    this.#dropSilent();
    for (const found of await this.#given.store.lane(this.#stream.seat.botId, LANE_PAGE)) {
      if (this.#stopped || !this.#holds() || this.#flights.size >= MOST_FLIGHTS) return;
      if (!isDelivery(found) || this.#isAtBot(found.key.id)) continue;
      const body = await this.#look(found);
      if (body === undefined || this.#busy.has(body.peerId)) continue;
      this.#busy.set(body.peerId, 0n);
      this.#run(() => this.#take(found, body.peerId));
    }
  }

  /** A delivery that cannot be trusted is left alone, and all others go on. */
  async #look(found: Found<"delivery">): Promise<Delivery | undefined> {
    if (this.#untrusted.has(found.key.id)) return undefined;
    try {
      return (await this.#given.store.load(found.shard, found.key)).entities[0].body;
    } catch (error) {
      this.#distrust(found, error);
      return undefined;
    }
  }

  #distrust({ key }: DeliveryPlace, error: unknown): void {
    if (!(error instanceof IntegrityError)) throw error;
    this.#untrusted.add(key.id);
    const fields = { delivery: key.id, alarm: true, error };
    this.#given.log.error(
      fields,
      "ALARM: a delivery or what it belongs to failed its integrity check; it is not shown",
    );
  }

  #isAtBot(deliveryId: string): boolean {
    for (const { place, peerId } of this.#flights.values()) {
      if (place.key.id === deliveryId && this.#busy.has(peerId)) return true;
    }
    return false;
  }

  async #take(place: DeliveryPlace, peerId: string): Promise<void> {
    const how = { pausedUntil: this.#pausedUntil, goesOn: true, heldUntil: this.#heldUntil };
    const next = await this.#tryAdvance(place, how);
    if (typeof next === "object") await this.#hand({ place, peerId }, next);
    else this.#release(peerId, next === "changed");
  }

  /** The last look at clock and lease before the message leaves the core. */
  async #hand(
    at: Pick<Flight, "place" | "peerId">,
    { handed, message, transaction, notAfter }: Handing,
  ): Promise<void> {
    const sequence = ++this.#sequence;
    const now = this.#given.store.now();
    this.#flights.set(sequence, { ...at, handed, at: now });
    this.#busy.set(at.peerId, sequence);
    if (this.#stopped || !this.#holds()) return;
    if (now > notAfter) return this.report(sequence, NOT_SENT);
    const { serverId, secrets } = this.#given;
    if (transaction !== undefined) requireCodeKey(secrets, transaction.txId);
    const code =
      transaction !== undefined && handed.issue !== undefined
        ? codeOf({ codeKey: codeKeyOf(secrets, transaction.txId), serverId }, transaction, handed.issue)
        : "";
    const fence = BigInt(this.#stream.seat.fence);
    // Rejects when the stream is over: then the delivery stays SENDING for the next holder.
    await this.#stream.send({ ...message, code, sequence, fence }).catch(() => undefined);
  }

  async #tryAdvance(place: DeliveryPlace, how: Advance): ReturnType<typeof advance> {
    try {
      return await this.#advance(place, how);
    } catch (error) {
      this.#distrust(place, error);
      // The chat's other messages waited for this one.
      return "changed";
    }
  }

  /** One commit at a time in a shard: they all carry its fence. */
  #advance(place: DeliveryPlace, how: Advance): ReturnType<typeof advance> {
    const before = this.#turns.get(place.shard) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => advance(this.#given, this.#stream.seat, place, how));
    this.#turns.set(place.shard, turn);
    const clear = (): void => {
      if (this.#turns.get(place.shard) === turn) this.#turns.delete(place.shard);
    };
    turn.then(clear, clear);
    return turn;
  }

  readonly #heldUntil = (): UnixMs => this.#stream.heldUntil();

  #holds(): boolean {
    return this.#given.store.now() < this.#heldUntil();
  }

  #release(peerId: string, wake = true): void {
    this.#busy.delete(peerId);
    if (wake) this.wake();
  }

  /** A chat does not wait for a report that is overdue; a late one is still taken. */
  #dropSilent(): void {
    const old = this.#given.store.now() - REPORT_WITHIN_MS;
    for (const [sequence, { at, peerId }] of this.#flights) {
      if (at > old) continue;
      if (this.#busy.get(peerId) === sequence) this.#busy.delete(peerId);
      if (at <= old - FORGET_AFTER_MS) this.#flights.delete(sequence);
    }
  }

  #run(work: () => Promise<void>): void {
    const running: Promise<void> = work()
      .catch((error: unknown) => {
        if (!this.#stopped) this.#stream.fail(error);
      })
      .finally(() => this.#work.delete(running));
    this.#work.add(running);
  }
}

const FORGET_AFTER_MS = 600_000;
const NOT_SENT: Report = {
  ...{ type: "failed", fate: "not-sent", reason: "CHANNEL_DOWN", retryAfterMs: 0, observed: "late" },
};

function isDelivery(found: Found): found is Found<"delivery"> {
  return found.key.type === "delivery";
}

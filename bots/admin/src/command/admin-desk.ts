import { errorName, timeText, type FrontDesk, type Said, type Timer } from "@countersign/bot-kit";
import type { Administrator } from "../config.ts";
import type { Core } from "../core/core-port.ts";
import type { AdminLog } from "../log.ts";
import { messageOf, type Post } from "../post/post.ts";
import { bookIn } from "../wording/book.ts";
import { strong, value, type Answer, type Asking, type Watching } from "./asking.ts";
import { isStop, readOrder, type Read } from "./parse-order.ts";
import { perform } from "./perform.ts";

interface DeskGiven {
  readonly core: Core;
  readonly post: Post;
  readonly platform: string;
  readonly administrators: readonly Administrator[];
  readonly zone: string;
  readonly timer: Timer;
  readonly log: AdminLog;
  readonly watching: () => Watching;
}

/** What an administrator wrote so long ago may have been meant for something that is over. */
const STALE_MS = 5 * 60_000;
/** Of one administrator within a minute; stops are never too many. */
const MOST_LOOKS = 30;
const STRANGERS_LOGGED = 100;

/**
 * Who may give orders, and what becomes of them. An administrator is a stable id of the provider, in a one-to-one chat with
 * him: everybody else is not answered at all, so that nobody learns what this bot is by writing to it.
 */
export class AdminDesk implements FrontDesk {
  readonly #given: DeskGiven;
  readonly #byId: ReadonlyMap<string, Administrator>;
  readonly #looks = new Map<string, readonly number[]>();
  readonly #strangers = new Set<string>();
  #strangerCount = 0;

  constructor(given: DeskGiven) {
    this.#given = given;
    this.#byId = new Map(given.administrators.map((one) => [one.id, one]));
  }

  /** Messages that were not answered. */
  get strangers(): number {
    return this.#strangerCount;
  }

  async said(said: Said): Promise<void> {
    const who = this.#administrator(said);
    if (who === undefined) {
      this.#ignore(said.peerId);
      return;
    }
    const answer = await this.#answer(said, who);
    if (answer.length === 0) return;
    const message = messageOf(bookIn(who.locale), "preview-answer", answer);
    this.#given.post.answer(who, said.eventId, message, ({ detail }) =>
      this.#given.log.write({ event: "answer-not-sent", detail }),
    );
  }

  /** Its messages have no buttons. */
  pressed(): Promise<void> {
    return Promise.resolve();
  }

  gone(): Promise<void> {
    return Promise.resolve();
  }

  receipt(): Promise<void> {
    return Promise.resolve();
  }

  mayJoin(_eventId: string, peerId: string): Promise<boolean> {
    return Promise.resolve(this.#byId.has(peerId));
  }

  #administrator({ peerId, privateChat, peerIdentity }: Said): Administrator | undefined {
    const who = privateChat ? this.#byId.get(peerId) : undefined;
    // Pinned: whoever took over the account, or the homeserver, has another one.
    return who !== undefined && (who.identity === "" || who.identity === peerIdentity) ? who : undefined;
  }

  #ignore(peer: string): void {
    this.#strangerCount += 1;
    if (this.#strangers.has(peer) || this.#strangers.size >= STRANGERS_LOGGED) return;
    this.#strangers.add(peer);
    this.#given.log.write({ event: "stranger", peer, count: this.#strangerCount });
  }

  async #answer(said: Said, who: Administrator): Promise<Answer> {
    const { core, zone, log, platform, watching } = this.#given;
    const book = bookIn(who.locale);
    if (said.forwarded === true) return [[book.row("forwarded")]];
    const read = readOrder(said.text);
    const order = read.type === "order" ? read.order.name : read.type;
    if (this.#isStale(read, said)) {
      log.write({ event: "order-stale", who: who.name, order });
      const time = { time: strong(timeText(said.at ?? new Date(0), zone, true)) };
      return [[book.row("stale", time), [value(said.text.trim().slice(0, 200))]]];
    }
    if (this.#isTooMuch(read, who)) return [];
    log.write({ event: "order", who: who.name, order });
    const asking: Asking = { core, book, zone, who, onBehalf: `${platform}:${who.id}`, watching };
    try {
      return await perform(read, asking);
    } catch (error) {
      log.write({ event: "order-failed", errorName: errorName(error) });
      return [[book.row("failed")]];
    }
  }

  #isStale(read: Read, { at }: Said): boolean {
    if (read.type !== "order" || !isStop(read.order) || at === undefined) return false;
    return this.#given.timer.now().getTime() - at.getTime() > STALE_MS;
  }

  #isTooMuch(read: Read, { id }: Administrator): boolean {
    if (read.type === "order" && isStop(read.order)) return false;
    const now = this.#given.timer.monotonic();
    const looks = (this.#looks.get(id) ?? []).filter((at) => now - at < 60_000);
    this.#looks.set(id, looks.length < MOST_LOOKS ? [...looks, now] : looks);
    return looks.length >= MOST_LOOKS;
  }
}

import { ChannelError, layOut, type Message, type Pace, type SecondChannel, type Timer } from "@countersign/bot-kit";
import type { Administrator } from "../config.ts";
import type { Answer } from "../command/asking.ts";
import type { Book } from "../wording/book.ts";

interface PostGiven {
  readonly channel: SecondChannel;
  readonly pace: Pace;
  readonly timer: Timer;
}

const CALL_DEADLINE_MS = 8_000;
const FIRST_RETRY_MS = 1_000;
const MOST_TRIES = 4;
/** Who asks faster than answers can be sent gets no answer to the rest. */
const MOST_ANSWERS = 5;

/** Words as a message of the bot. It has no buttons: nothing here is decided by a press. */
export function messageOf(book: Book, preview: "preview-answer" | "preview-alert", blocks: Answer): Message {
  const { locale, direction } = book;
  return { locale, direction, preview: book.text(preview), blocks: layOut(direction, blocks), buttons: [] };
}

/** Sends messages to administrators' private chats, and to nobody else. */
export class Post {
  readonly #given: PostGiven;
  readonly #answering = new Map<string, { readonly last: Promise<void>; readonly waiting: number }>();

  constructor(given: PostGiven) {
    this.#given = given;
  }

  /** One try. Rejects with ChannelError alone. `id`: the same for a repetition, where the provider knows such. */
  async alert(to: Administrator, id: string, message: Message): Promise<void> {
    await this.#given.pace.admit({ peerId: to.id, newMessage: true });
    await this.#write(to, id, "alert", message);
  }

  /** After the answers before it; a failure is told, and nothing else happens. False: too many wait. */
  answer(to: Administrator, id: string, message: Message, failed: (error: ChannelError) => void): boolean {
    const held = this.#answering.get(to.id) ?? { last: Promise.resolve(), waiting: 0 };
    if (held.waiting >= MOST_ANSWERS) return false;
    const last = this.#inTurn(held.last, to, id, message, failed);
    this.#answering.set(to.id, { last, waiting: held.waiting + 1 });
    return true;
  }

  /** Resolves when no answer is under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.#answering.values()].map(({ last }) => last));
  }

  async #inTurn(
    before: Promise<void>,
    to: Administrator,
    id: string,
    message: Message,
    failed: (error: ChannelError) => void,
  ): Promise<void> {
    await before;
    await this.#persist(to, id, message).catch((error: unknown) => failed(asChannelError(error)));
    const now = this.#answering.get(to.id);
    if (now !== undefined) this.#answering.set(to.id, { ...now, waiting: now.waiting - 1 });
  }

  async #persist(to: Administrator, id: string, message: Message): Promise<void> {
    const { pace, timer } = this.#given;
    for (let tries = 1; ; tries += 1) {
      try {
        await pace.admitReply(to.id);
        await this.#write(to, id, "reply", message);
        return;
      } catch (error) {
        const failure = asChannelError(error);
        if (failure.fate !== "not-sent" || tries >= MOST_TRIES) throw failure;
        await timer.sleep(Math.min(failure.retryAfterMs ?? FIRST_RETRY_MS * tries, 30_000));
      }
    }
  }

  async #write(to: Administrator, id: string, phase: "alert" | "reply", message: Message): Promise<void> {
    const { channel, pace } = this.#given;
    const none = { replaces: undefined, notAfter: undefined, beforeWrite: () => undefined };
    const outgoing = { deliveryId: id, peerId: to.id, phase, message, peerIdentity: to.identity, ...none };
    try {
      await channel.deliver(outgoing, AbortSignal.timeout(CALL_DEADLINE_MS));
    } catch (error) {
      const failure = asChannelError(error);
      if (failure.retryAfterMs !== undefined) pace.silence(failure.retryAfterMs);
      throw failure;
    }
  }
}

// Another error is a bug, after which nobody knows what was sent. Its text may hold the request.
function asChannelError(error: unknown): ChannelError {
  return error instanceof ChannelError ? error : new ChannelError({ fate: "unknown", detail: "bug" });
}

// Posts of one endpoint that are on their way. Each ends for itself: one that takes long keeps no other waiting.
import type { LoadedEntity } from "../store/store.ts";
import type { Tried } from "./post.ts";
import type { WebhookDelivery } from "./webhook.ts";

/** A message that is to be posted, as it was loaded. */
export type Waiting = LoadedEntity<"webhook-delivery"> & { readonly body: WebhookDelivery };

/** A message that was posted, and what became of it. */
export interface Landed extends Waiting {
  readonly tried: Tried;
  /** Of the endpoint, when it was posted. */
  readonly webhookVersion: string;
}

/** Posts at a time. */
const MOST_AT_ONCE = 16;
/** What ends together is written down together. */
const LANDING_MS = 20;
/** News that come together are queued together. */
const NEWS_MS = 100;

export class PostLine {
  /** On their way, or not yet written down. */
  readonly #taken = new Set<string>();
  #flying = 0;
  #landed: readonly Landed[] = [];
  #changed = Promise.withResolvers<void>();
  #timer: { readonly at: number; readonly handle: NodeJS.Timeout } | undefined;

  get room(): number {
    return MOST_AT_ONCE - this.#flying;
  }

  get isFlying(): boolean {
    return this.#flying > 0;
  }

  /** Nothing is on its way, and nothing is to be written down. */
  get isEmpty(): boolean {
    return this.#taken.size === 0;
  }

  /** What has ended and is not written down; what ends from now on is not in it. */
  get landed(): readonly Landed[] {
    return this.#landed;
  }

  /** How many messages stand in the list of those that wait although they are on their way. */
  get count(): number {
    return this.#taken.size;
  }

  has({ key }: Pick<Waiting, "key">): boolean {
    return this.#taken.has(key.id);
  }

  /** `posted` never rejects; undefined: it was stopped, and nothing is known. */
  launch(waiting: Waiting, webhookVersion: string, posted: Promise<Tried | undefined>): void {
    this.#taken.add(waiting.key.id);
    this.#flying += 1;
    void this.#land(waiting, webhookVersion, posted);
  }

  async #land(waiting: Waiting, webhookVersion: string, posted: Promise<Tried | undefined>): Promise<void> {
    const tried = await posted;
    this.#flying -= 1;
    if (tried === undefined) this.#taken.delete(waiting.key.id);
    else this.#landed = [...this.#landed, { ...waiting, webhookVersion, tried }];
    this.#changeIn(this.#flying === 0 ? 0 : LANDING_MS);
  }

  /** These are written down, or nobody's business any more. */
  forget(written: readonly Landed[]): void {
    for (const { key } of written) this.#taken.delete(key.id);
    this.#landed = this.#landed.filter((one) => !written.includes(one));
  }

  /** There may be something else to do. */
  wake(): void {
    this.#changeIn(NEWS_MS);
  }

  /** Resolves once posts ended or somebody woke it since the last call, or after so long; undefined: as long as it takes. */
  async change(longestMs: number | undefined): Promise<void> {
    if (longestMs !== undefined) this.#changeIn(longestMs);
    await this.#changed.promise;
    this.#changed = Promise.withResolvers();
  }

  /** The earliest of what was asked for counts. */
  #changeIn(ms: number): void {
    const at = performance.now() + ms;
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    clearTimeout(this.#timer?.handle);
    const change = (): void => {
      this.#timer = undefined;
      this.#changed.resolve();
    };
    this.#timer = { at, handle: setTimeout(change, ms) };
    this.#timer.handle.unref();
  }
}

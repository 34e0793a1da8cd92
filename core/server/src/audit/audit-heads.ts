// Signing and publishing heads in a running core.
import type { CoreGiven } from "../given.ts";
import { HeadFile } from "./head-file.ts";
import { HeadPublishing, type HeadPlace } from "./head-publishing.ts";
import { HeadWebhook } from "./head-webhook.ts";
import { Sealer } from "./sealer.ts";

/** When heads are signed, and where they go. */
export interface AuditHeadsConfig {
  /** Seconds between two; 0: none by time. */
  readonly every: number;
  /** Changes between two; 0: none by their number. */
  readonly entries: number;
  /** A file that they are appended to. */
  readonly file?: string | undefined;
  /** Where they are posted to. */
  readonly url?: string | undefined;
  /** Hosts and addresses that `url` may lead to although they are not public. */
  readonly allow: readonly string[];
}

/** What runs beside the services. */
export class AuditHeads {
  readonly #sealer: Sealer;
  readonly #publishing: HeadPublishing;

  constructor(given: CoreGiven, { every, entries, file, url, allow }: AuditHeadsConfig) {
    const places: HeadPlace[] = [];
    if (file !== undefined) places.push(new HeadFile(given, file));
    if (url !== undefined) places.push(new HeadWebhook(given, { url, allow }));
    this.#publishing = new HeadPublishing(given, places);
    this.#sealer = new Sealer(given, { everyMs: every * 1000, entries }, () => this.#publishing.wake());
  }

  start(): void {
    this.#sealer.start();
    this.#publishing.start();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    await Promise.all([this.#sealer.stop(), this.#publishing.stop()]);
  }
}

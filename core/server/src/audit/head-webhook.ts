// Heads to whoever takes them by HTTP. They are signed: nothing else vouches for them, and nothing secret is in them.
// docs/protocol/audit.md section 5.
import { AUDIT_HEAD_TYPE } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import type { Allowed } from "../outbound/address-guard.ts";
import { isTaken, postTo, type OutboundSeams } from "../outbound/post.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { RefusalError } from "../rpc/refusal-of-error.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import type { HeadPlace } from "./head-publishing.ts";
import { HEAD_SHARD, headCountKey, headOf, KEPT_HEADS, type StoredHead } from "./stored-heads.ts";

/** Where heads are posted to. */
export interface WebhookConfig {
  /** https, or http to a host that is named in `allow`. */
  readonly url: string;
  /** Hosts and addresses that need not be public. */
  readonly allow: readonly string[];
}

export class HeadWebhook implements HeadPlace {
  readonly name: string;
  readonly #given: CoreGiven;
  readonly #url: URL;
  readonly #allowed: Allowed;
  readonly #seams: OutboundSeams;

  constructor(given: CoreGiven, { url, allow }: WebhookConfig, seams: OutboundSeams = {}) {
    this.#given = given;
    this.#url = new URL(url);
    this.#allowed = { names: allow, flag: "--audit-heads-allow" };
    this.#seams = seams;
    this.name = this.#url.origin; // a path may hold what its owner calls a secret
  }

  /** Each at least once, oldest first: two cores may both tell one. What was taken is in the audit. */
  async publish(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const { number = 0, posted = 0 } =
        (await this.#given.store.load(HEAD_SHARD, headCountKey)).entities[0].body ?? {};
      if (posted >= number) return;
      const next = Math.max(posted, number - KEPT_HEADS) + 1;
      const head = await headOf(this.#given, next);
      if (head !== undefined) await this.#post(head, signal);
      await this.#setPosted(next);
    }
  }

  async #post({ number, line }: StoredHead, stop: AbortSignal): Promise<void> {
    const body = Buffer.from(`${line}\n`);
    const headers = { "content-type": AUDIT_HEAD_TYPE, "countersign-audit-head": String(number) };
    const given = { ...this.#seams, allowed: this.#allowed, signal: stop };
    const { status } = await postTo(this.#url, { headers, body }, given);
    if (!isTaken(status)) throw new Error(`${this.name} answered ${status} to head ${number}`);
  }

  async #setPosted(posted: number): Promise<void> {
    const { store } = this.#given;
    const set = await untilSettled(async () => {
      const { entities, epoch } = await store.load(HEAD_SHARD, headCountKey);
      const [{ body, version }] = entities;
      if (body === undefined || body.posted >= posted) return true;
      const audit = { event: "audit.published", tenant: "", actor: "core", subject: `audit-head:${posted}` };
      const outcome = await commitOnce(this.#given, HEAD_SHARD, {
        epoch,
        writes: [{ key: headCountKey, expected: version, body: { ...body, posted } }],
        audit: [{ ...audit, detail: { number: posted, to: this.name } }],
      });
      return outcome === "committed" ? true : undefined;
    });
    if (isRefusal(set)) throw new RefusalError(set);
  }
}

// Heads to whoever takes them by HTTP. They are signed: nothing else vouches for them, and nothing secret is in them.
// docs/protocol/audit.md section 5.
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP } from "node:net";
import { AUDIT_HEAD_TYPE } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { RefusalError } from "../rpc/refusal-of-error.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { pinAddress, type Resolve } from "./address-guard.ts";
import type { HeadPlace } from "./head-publishing.ts";
import { HEAD_SHARD, headCountKey, headOf, KEPT_HEADS, type StoredHead } from "./stored-heads.ts";

/** Where heads are posted to. */
export interface WebhookConfig {
  /** https, or http to a host that is named in `allow`. */
  readonly url: string;
  /** Hosts and addresses that need not be public. */
  readonly allow: readonly string[];
}

export interface WebhookSeams {
  readonly resolve?: Resolve;
  /** PEM of the authority of the receiver's certificate; undefined: those of the system. */
  readonly ca?: string;
  /** How long the receiver may take. */
  readonly longestMs?: number;
}

const LONGEST_MS = 15_000;

export class HeadWebhook implements HeadPlace {
  readonly name: string;
  readonly #given: CoreGiven;
  readonly #url: URL;
  readonly #allow: readonly string[];
  readonly #seams: WebhookSeams;

  constructor(given: CoreGiven, { url, allow }: WebhookConfig, seams: WebhookSeams = {}) {
    this.#given = given;
    this.#url = new URL(url);
    this.#allow = allow;
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
    const url = this.#url;
    const pinned = await pinAddress(url.hostname, this.#allow, this.#seams.resolve);
    const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const body = Buffer.from(`${line}\n`);
    const options = {
      ...{
        host: pinned.address,
        family: pinned.family,
        path: `${url.pathname}${url.search}`,
        method: "POST",
        agent: false,
      },
      ...(url.port === "" ? {} : { port: url.port }),
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(this.#seams.ca === undefined ? {} : { ca: this.#seams.ca }),
      headers: {
        ...{ host: url.host, "content-type": AUDIT_HEAD_TYPE, "content-length": body.length },
        "countersign-audit-head": String(number),
      },
      signal: AbortSignal.any([stop, AbortSignal.timeout(this.#seams.longestMs ?? LONGEST_MS)]),
    };
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const request = (url.protocol === "https:" ? tlsRequest : plainRequest)(options);
    request.on("error", reject);
    request.on("response", (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy(); // what it says besides is of no use to anybody
    });
    request.end(body);
    const status = await promise;
    // A redirect is an answer like any other: nobody is followed to where nobody looked.
    if (status < 200 || status > 299) throw new Error(`${this.name} answered ${status} to head ${number}`);
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

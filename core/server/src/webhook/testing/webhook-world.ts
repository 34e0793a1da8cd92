// For tests: endpoints of a world, and cores that tell them when the test says so.
import { sha256, utf8 } from "@countersign/protocol";
import type { CoreGiven } from "../../given.ts";
import { isRefusal } from "../../rpc/refusal.ts";
import type { AuditDraft, Store } from "../../store/store.ts";
import { WEBHOOK_SHARD } from "../../store/entity.ts";
import { CoreWorld, drawHexId } from "../../testing/core-world.ts";
import { createWebhook, type NamedWebhook } from "../change-webhook.ts";
import { Webhooks } from "../webhooks.ts";
import type { Webhook } from "../webhook.ts";
import { Receiver } from "./receiver.ts";

const resolve = async (): Promise<{ readonly address: string; readonly family: number }[]> => [
  { address: "127.0.0.1", family: 4 },
];

export class WebhookWorld {
  readonly world: CoreWorld;
  readonly receiver: Receiver;
  readonly given: CoreGiven;
  readonly #running: Webhooks[] = [];

  private constructor(world: CoreWorld, receiver: Receiver) {
    this.world = world;
    this.receiver = receiver;
    this.given = { ...world.given, webhookAllow: ["hooks.example"] };
  }

  static async open(open?: (clock: { now(): Date }) => Promise<Store>): Promise<WebhookWorld> {
    const world = await CoreWorld.open(open === undefined ? {} : { open });
    return new WebhookWorld(world, await Receiver.open());
  }

  /** A core that looks when it is told, and by itself. */
  core(change: Partial<CoreGiven> = {}): Webhooks {
    const webhooks = new Webhooks({ ...this.given, ...change }, { resolve, draw: () => 0, longestMs: 30_000 });
    this.#running.push(webhooks);
    webhooks.start();
    return webhooks;
  }

  async add(
    change: Partial<Pick<Webhook, "url" | "events">> = {},
    tenantId: string = this.world.tenantId,
  ): Promise<Webhook> {
    const requestId = drawHexId();
    const use = { tenantId, by: "admin:anna", rpc: "webhook.create", requestId, bodyHash: sha256(utf8(requestId)) };
    const wanted = { url: this.receiver.url, events: [], description: "", ...change };
    const made = await createWebhook(this.given, use, wanted);
    if (isRefusal(made)) throw new Error(made.message);
    return made;
  }

  named({ tenantId, endpointId }: Webhook): NamedWebhook {
    return { tenantId, endpointId, actor: "admin:anna" };
  }

  async audited(event: string): Promise<readonly AuditDraft["detail"][]> {
    const entries = await this.given.store.audit(WEBHOOK_SHARD, 1, 10_000);
    return entries
      .flatMap(({ events }) => events)
      .filter((one) => one.event === event)
      .map(({ detail }) => detail);
  }

  async close(): Promise<void> {
    for (const webhooks of this.#running) await webhooks.stop();
    this.receiver.close();
    await this.given.store.close();
  }
}

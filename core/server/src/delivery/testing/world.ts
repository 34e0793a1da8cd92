// A memory store with a user, his chats and a transaction in it, and bots that are as good or bad as a test wants them.
import { macKey, toHex, utf8 } from "@countersign/protocol";
import { FakeClock } from "@countersign/testing";
import type { Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import type { CoreGiven } from "../../given.ts";
import { botKey, keyKey, linkKey, peerKey, tenantKey, userKey } from "../../identity/entity-key.ts";
import { linkIndex } from "../../identity/link-index.ts";
import type { Key } from "../../identity/key.ts";
import type { Link } from "../../identity/link.ts";
import type { Bot } from "../../identity/tenant.ts";
import { openLog } from "../../log.ts";
import { openMemoryStore } from "../../store/memory-store.ts";
import {
  shardOfKey,
  shardOfUser,
  type Bodies,
  type EntityKey,
  type EntityType,
  type HexId,
  type Shard,
} from "../../store/entity.ts";
import type { AnyWrite, Index, LoadedEntity, Store } from "../../store/store.ts";
import { transactionIndex, transactionKey } from "../../transaction/transaction-key.ts";
import type { Effect, Transaction } from "../../transaction/transaction.ts";
import type { Delivery } from "../delivery.ts";
import { deliveryDue } from "../due.ts";
import { DeliveryEngine } from "../engine.ts";
import type { Seat } from "../lane-fence.ts";
import { deliveryWrites } from "../plan.ts";
import { deliveryKey } from "../delivery-key.ts";
import { aTenant, aUser, BOT, idOf, NOW, TENANT, USER } from "./entities.ts";
import { Phone } from "./phone.ts";

export class World {
  readonly clock: FakeClock = new FakeClock(new Date(NOW));
  readonly store: Store = openMemoryStore({ clock: this.clock });
  readonly logged: string[] = [];
  readonly given: CoreGiven;
  #drawn = 0;

  constructor() {
    this.given = {
      store: this.store,
      secrets: {
        code: macKey(utf8("K_code for tests, not for production")),
        token: macKey(utf8("K_token for tests, not for production")),
        sign: () => new Uint8Array(64),
        signKeyId: new Uint8Array(16),
        publicKey: new Uint8Array(77),
      },
      serverId: idOf("server"),
      random: { bytes: (length) => this.#draw(length) },
      log: openLog("debug", { write: (line) => void this.logged.push(line) }),
      development: true,
    };
  }

  /** Writes an entity as it is. */
  async put<T extends EntityType>(
    shard: Shard,
    key: EntityKey<T>,
    body: Bodies[T] | undefined,
    index: Index = {},
  ): Promise<void> {
    const { entities, epoch } = await this.store.load(shard, key);
    await this.write(shard, epoch, [{ key, expected: entities[0].version, body, index } as AnyWrite]);
  }

  async write(shard: Shard, epoch: number, writes: readonly AnyWrite[]): Promise<void> {
    const audit = [{ event: "test.put", tenant: TENANT, actor: "test", subject: "test", detail: {} }] as const;
    const outcome = await this.store.commit(shard, { changeId: toHex(this.#draw(16)), epoch, writes, audit });
    if (outcome !== "committed") throw new Error(`not written: ${outcome}`);
  }

  /** Tenant, user, his links in this order with their peers and bots, his keys. */
  async people(links: readonly Link[], keys: readonly Key[] = []): Promise<void> {
    await this.put(shardOfKey(tenantKey(TENANT)), tenantKey(TENANT), aTenant());
    const linkIds = links.filter(({ state }) => state === "LINKED").map(({ linkId }) => linkId);
    const user = aUser({ linkIds, keyIds: keys.map(({ keyId }) => keyId) });
    await this.put(this.shard, userKey(TENANT, USER), user);
    for (const link of links) {
      await this.put(this.shard, linkKey(TENANT, link.linkId), link, linkIndex(link));
      if (link.botId === undefined || link.peerId === undefined) continue;
      const bot: Bot = {
        botId: link.botId,
        tenantId: TENANT,
        name: "bot",
        platform: link.platform,
        disabled: false,
        deepLink: "",
      };
      await this.put(shardOfKey(botKey(TENANT, link.botId)), botKey(TENANT, link.botId), bot);
      const peer = peerKey(TENANT, link.botId, link.peerId);
      await this.put(shardOfKey(peer), peer, { tenantId: TENANT, userId: link.userId, linkId: link.linkId });
    }
    for (const key of keys) await this.put(this.shard, keyKey(TENANT, key.keyId), key);
  }

  get shard(): Shard {
    return shardOfUser(TENANT, USER);
  }

  /** A transaction as a step of the machine leaves it: with its effects, in one commit. */
  async take(transaction: Transaction, effects: readonly Effect[]): Promise<void> {
    const links = await this.links();
    const deliveryKeys = links.map(({ key }) => deliveryKey(TENANT, transaction.txId, key.id));
    const { entities, epoch, now } = await this.store.load(
      this.shard,
      transactionKey(transaction.txId),
      ...deliveryKeys,
    );
    const [held, ...deliveries] = entities;
    const given = { links, deliveries };
    await this.write(this.shard, epoch, [
      { key: held.key, expected: held.version, body: transaction, index: transactionIndex(transaction) },
      ...deliveryWrites(effects, given, transaction, now),
    ]);
  }

  async links(): Promise<readonly LoadedEntity<"link">[]> {
    const { entities } = await this.store.load(this.shard, userKey(TENANT, USER));
    const linkIds = entities[0].body?.linkIds ?? [];
    return (await this.store.load(this.shard, ...linkIds.map((id) => linkKey(TENANT, id)))).entities;
  }

  async link(link: Link): Promise<Link | undefined> {
    return (await this.store.load(this.shard, linkKey(TENANT, link.linkId))).entities[0].body;
  }

  async delivery(txId: HexId, link: Link): Promise<Delivery | undefined> {
    return (await this.store.load(this.shard, deliveryKey(TENANT, txId, link.linkId))).entities[0].body;
  }

  async transaction(txId: HexId): Promise<Transaction | undefined> {
    return (await this.store.load(this.shard, transactionKey(txId))).entities[0].body;
  }

  /** Lets `ms` pass, and the sweeper do what is due, delivery by delivery. */
  async pass(ms: number, step = 250): Promise<void> {
    const end = this.store.now() + ms;
    while (this.store.now() < end) {
      this.clock.advance(Math.min(step, end - this.store.now()));
      for (const found of await this.store.due(this.store.now(), 100)) await deliveryDue(this.given, found);
      await turn();
    }
  }

  #draw(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(length - 4, ++this.#drawn);
    return bytes;
  }
}

/** What a bot does with a message: its report, by hand or by a rule. */
export type Answer = (message: Deliver, bot: FakeBot) => void | Promise<void>;

/** A bot at the other end of the engine's stream, in front of a phone. */
export class FakeBot {
  readonly engine: DeliveryEngine;
  readonly phone: Phone;
  readonly handed: Deliver[] = [];
  readonly failures: unknown[] = [];
  holds = true;

  constructor(given: CoreGiven, phone: Phone, answer: Answer, seat: Partial<Seat> = {}) {
    this.phone = phone;
    this.engine = new DeliveryEngine(given, {
      seat: { tenantId: TENANT, botId: BOT, fence: 1, ...seat },
      heldUntil: () => (this.holds ? Infinity : 0),
      send: async (message) => {
        this.handed.push(message);
        // A bot answers after the call that handed it the message, never inside it.
        setImmediate(
          () => void Promise.resolve(answer(message, this)).catch((error: unknown) => this.failures.push(error)),
        );
      },
      fail: (error) => {
        this.failures.push(error);
        this.engine.stop();
      },
    });
    this.engine.start();
  }

  sent(message: Deliver): Promise<void> {
    return this.engine.report(message.sequence, { type: "sent", providerId: this.phone.accept(message) });
  }

  failed(message: Deliver, fate: "not-sent" | "unknown" | "permanent", retryAfterMs = 0): Promise<void> {
    const reason = fate === "permanent" ? "CHANNEL_BLOCKED_BY_USER" : "CHANNEL_DOWN";
    return this.engine.report(message.sequence, { type: "failed", fate, reason, retryAfterMs });
  }
}

export const good: Answer = (message, bot) => bot.sent(message);
export const silent: Answer = () => undefined;

/** Lets everything run that needs no time: microtasks, immediate callbacks, commits of the memory store. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 40; i++) await new Promise((resolve) => setImmediate(resolve));
}

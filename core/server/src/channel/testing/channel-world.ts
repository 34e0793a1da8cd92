// A core on a real port with a user, and bots that attach to it.
import { credentials, Metadata } from "@grpc/grpc-js";
import { ChannelServiceClient } from "@countersign/proto/node/channel/v1/channel_service";
import { CodeServiceClient } from "@countersign/proto/node/core/v1/code_service";
import { LinkServiceClient } from "@countersign/proto/node/core/v1/link_service";
import { codeService } from "../../code/code-service.ts";
import { deliveryDue } from "../../delivery/due.ts";
import type { CoreGiven } from "../../given.ts";
import { botKey, linkKey, peerKey, tokenKey } from "../../identity/entity-key.ts";
import { linkIndex } from "../../identity/link-index.ts";
import { linkService } from "../../identity/link-service.ts";
import type { Link } from "../../identity/link.ts";
import type { Platform } from "../../identity/tenant.ts";
import { openLog } from "../../log.ts";
import { newToken, tokenId } from "../../rpc/token.ts";
import { serve, type Serving } from "../../rpc/server.ts";
import { isRefusal } from "../../rpc/refusal.ts";
import { shardOfKey, shardOfUser, type HexId } from "../../store/entity.ts";
import type { AuditDraft } from "../../store/store.ts";
import { CoreWorld, drawHexId, type WorldOptions } from "../../testing/core-world.ts";
import { expireTransaction } from "../../transaction/happen.ts";
import type { Transaction } from "../../transaction/transaction.ts";
import { submitStatement } from "../../verification/submit-statement.ts";
import { channelService } from "../channel-service.ts";
import { leaseKey } from "../lease.ts";
import { dutiful, ScriptedBot, type Habit } from "./scripted-bot.ts";

export class ChannelWorld {
  readonly core: CoreWorld;
  readonly given: CoreGiven;
  readonly logged: string[];
  readonly channel: ChannelServiceClient;
  readonly links: LinkServiceClient;
  readonly codes: CodeServiceClient;
  readonly app: Metadata;
  readonly #serving: Serving;
  readonly #bots: ScriptedBot[] = [];

  private constructor(core: CoreWorld, given: CoreGiven, logged: string[], serving: Serving, appToken: string) {
    this.core = core;
    this.given = given;
    this.logged = logged;
    this.#serving = serving;
    this.channel = new ChannelServiceClient(serving.address, credentials.createInsecure());
    this.links = new LinkServiceClient(serving.address, credentials.createInsecure());
    this.codes = new CodeServiceClient(serving.address, credentials.createInsecure());
    this.app = bearer(appToken);
  }

  static async open(options: WorldOptions = {}): Promise<ChannelWorld> {
    const core = await CoreWorld.open(options);
    const logged: string[] = [];
    const given = { ...core.given, log: openLog("debug", { write: (line) => void logged.push(line) }) };
    const { token } = await core.addApp(core.tenantId, "submit");
    await core.put(peerKey(core.tenantId, core.botId, core.linkId), { ...core.identity, linkId: core.linkId });
    const services = [channelService(given), linkService(given), codeService(given)];
    const listen = { host: "127.0.0.1", port: 0 };
    const serving = await serve(services, { listen, tls: undefined, maxStreams: 100, reflection: false });
    return new ChannelWorld(core, given, logged, serving, token);
  }

  /** Another bot of the tenant, or the token of the one that is there. */
  async botToken(botId: HexId = this.core.botId, platform: Platform = "sandbox"): Promise<string> {
    const { tenantId } = this.core;
    if (botId !== this.core.botId) {
      const bot = { botId, tenantId, name: platform, platform, disabled: false, deepLink: "" };
      await this.core.put(botKey(tenantId, botId), bot);
    }
    const token = newToken("cs_bot_", this.given.random);
    await this.core.put(tokenKey(tokenId(token)), { kind: "bot", tenantId, botId });
    return token;
  }

  bot(token: string, habit: Habit = dutiful): ScriptedBot {
    const bot = new ScriptedBot(this.channel, token, habit);
    this.#bots.push(bot);
    return bot;
  }

  /** The user's own bot, attached. */
  async attached(habit: Habit = dutiful): Promise<ScriptedBot> {
    const bot = this.bot(await this.botToken(), habit);
    await bot.hello();
    return bot;
  }

  /** A further linked chat of the user. */
  async addLink(botId: HexId, platform: Platform, over: Partial<Link> = {}): Promise<Link> {
    const { tenantId, userId } = this.core.identity;
    const linkId = drawHexId();
    const link: Link = {
      ...{ linkId, tenantId, userId, platform, botId, peerId: `chat-${linkId.slice(0, 8)}`, state: "LINKED" },
      ...{
        peerName: undefined,
        txId: undefined,
        until: 0,
        linkedAt: 0,
        heldUntil: 0,
        unanswered: 0,
        failure: undefined,
      },
      ...over,
    };
    await this.core.commit(shardOfUser(tenantId, userId), [
      { key: linkKey(tenantId, linkId), expected: "", body: link, index: linkIndex(link) },
    ]);
    await this.core.put(peerKey(tenantId, botId, link.peerId ?? ""), { tenantId, userId, linkId });
    const user = await this.core.user();
    await this.core.changeUser({ linkIds: [...user.linkIds, linkId] });
    return link;
  }

  async link(linkId: HexId = this.core.linkId): Promise<Link> {
    const { tenantId, userId } = this.core.identity;
    const { entities } = await this.given.store.load(shardOfUser(tenantId, userId), linkKey(tenantId, linkId));
    return entities[0].body as Link;
  }

  /** The key signs with this code. Throws what the core refuses. */
  async confirm(tx: Transaction, code: string): Promise<Transaction> {
    const { tenantId } = this.core;
    const done = await submitStatement(this.given, { txId: tx.txId, tenantId, signed: this.core.signed(tx, { code }) });
    if (isRefusal(done)) throw new Error(done.message);
    return done;
  }

  /** What the audit says of the user's bot. */
  async auditOfBot(event: string): Promise<readonly AuditDraft[]> {
    const { tenantId, botId } = this.core;
    const entries = await this.given.store.audit(shardOfKey(leaseKey({ tenantId, botId })), 1, 10_000);
    return entries.flatMap(({ events }) => events).filter((each) => each.event === event);
  }

  /** Lets time pass and what is due happen. */
  async pass(ms: number): Promise<void> {
    this.core.clock.advance(ms);
    const { store } = this.given;
    for (const found of await store.due(store.now(), 1000)) {
      if (found.key.type === "transaction") await expireTransaction(this.given, found);
      else await deliveryDue(this.given, found);
    }
  }

  async close(): Promise<void> {
    for (const bot of this.#bots) bot.kill();
    for (const client of [this.channel, this.links, this.codes]) client.close();
    await this.#serving.close(100);
  }
}

export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

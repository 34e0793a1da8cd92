// For tests: several cores on one store, each served, with the programs and people that use them.
import { AuditServiceClient, AuditServiceTailRequest } from "@countersign/proto/node/admin/v1/audit_service";
import { AdminServiceClient } from "@countersign/proto/node/admin/v1/admin_service";
import { ChannelServiceClient } from "@countersign/proto/node/channel/v1/channel_service";
import { TransactionServiceClient } from "@countersign/proto/node/core/v1/transaction_service";
import { credentials, type ClientReadableStream, type ServiceError } from "@grpc/grpc-js";
import { ScriptedBot, idle } from "../channel/testing/scripted-bot.ts";
import type { CoreGiven } from "../given.ts";
import { botKey, peerKey, tokenKey } from "../identity/entity-key.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import { servicesOf } from "../services.ts";
import { shardOfKey, type HexId } from "../store/entity.ts";
import type { Store } from "../store/store.ts";
import { AdminWorld, type TestAdmin } from "./admin-world.ts";
import { call } from "./call.ts";
import { drawHexId } from "./core-world.ts";
import { bearer, endedBy, serveWorld, type Ended, type ServedWorld } from "./serve-world.ts";

/** One core, with a client for each service that the tests call. */
export class OneCore {
  readonly given: CoreGiven;
  readonly served: ServedWorld;
  readonly admin: AdminServiceClient;
  readonly audit: AuditServiceClient;
  readonly channel: ChannelServiceClient;
  readonly transactions: TransactionServiceClient;

  private constructor(given: CoreGiven, served: ServedWorld) {
    const { address } = served;
    this.given = given;
    this.served = served;
    this.admin = new AdminServiceClient(address, credentials.createInsecure());
    this.audit = new AuditServiceClient(address, credentials.createInsecure());
    this.channel = new ChannelServiceClient(address, credentials.createInsecure());
    this.transactions = new TransactionServiceClient(address, credentials.createInsecure());
  }

  static async open(given: CoreGiven): Promise<OneCore> {
    return new OneCore(given, await serveWorld(servicesOf(given)));
  }

  async close(): Promise<void> {
    for (const client of [this.admin, this.audit, this.channel, this.transactions]) client.close();
    await this.served.close();
  }
}

/** How a stream ended; open when this is resolved. */
export interface Streaming {
  readonly ended: Promise<Ended>;
  cancel(): void;
}

export class SeveralCores {
  readonly admins: AdminWorld;
  readonly cores: readonly OneCore[];
  readonly anna: TestAdmin;

  private constructor(admins: AdminWorld, cores: readonly OneCore[], anna: TestAdmin) {
    this.admins = admins;
    this.cores = cores;
    this.anna = anna;
  }

  /** The first store is the world's own; each further one is one more core's. */
  static async open(
    open: NonNullable<NonNullable<Parameters<typeof AdminWorld.open>[0]>["open"]>,
    others: (world: AdminWorld) => Promise<readonly Store[]>,
  ): Promise<SeveralCores> {
    const admins = await AdminWorld.open({ open });
    const { given } = admins.world;
    const more = await others(admins);
    const soleCore = more.length === 0;
    const stores = [given.store, ...more];
    const cores = await Promise.all(stores.map((store) => OneCore.open({ ...given, store, soleCore })));
    return new SeveralCores(admins, cores, await admins.addAdmin("anna", "owner"));
  }

  async close(): Promise<void> {
    for (const core of this.cores) await core.close();
    for (const { given } of this.cores) await given.store.close();
  }

  /** A bot of the tenant with a token, its lease at nobody. */
  async addBot(): Promise<{ readonly botId: HexId; readonly token: string }> {
    const { world } = this.admins;
    const { tenantId, given } = world;
    const botId = drawHexId();
    const key = botKey(tenantId, botId);
    const body = { botId, tenantId, name: botId, platform: "sandbox", disabled: false, deepLink: "" } as const;
    await world.commit(shardOfKey(key), [{ key, expected: "", body, index: { owner: tenantId } }]);
    const token = newToken("cs_bot_", given.random);
    await world.put(tokenKey(tokenId(token)), { kind: "bot", tenantId, botId });
    await world.put(peerKey(tenantId, botId, "nobody"), { tenantId, userId: undefined, linkId: undefined });
    return { botId, token };
  }

  /** TransactionService.Watch, with its first message come. */
  watch(core: OneCore, token: string, transactionId: HexId): Promise<Streaming> {
    return opened(core.transactions.watch({ transactionId, cursor: "" }, bearer(token)));
  }

  /** AuditService.Tail of the tenant, with its first message come. */
  tail(core: OneCore, token: string): Promise<Streaming> {
    const { tenantId } = this.admins.world;
    return opened(core.audit.tail(AuditServiceTailRequest.create({ tenantId }), bearer(token)));
  }

  /** ChannelService.Attach, with its Welcome come. */
  async attach(core: OneCore, token: string): Promise<Streaming> {
    const bot = new ScriptedBot(core.channel, token, idle);
    await bot.hello();
    const ended = bot.ended().then((error) => endedBy(error as ServiceError));
    return { ended, cancel: () => bot.kill() };
  }

  whoAmI(core: OneCore, token: string): Promise<unknown> {
    return call(core.admin, "whoAmI", {}, token);
  }
}

async function opened(stream: ClientReadableStream<unknown>): Promise<Streaming> {
  const first = Promise.withResolvers<void>();
  const ended = new Promise<Ended>((resolve) => {
    stream.on("error", (error: ServiceError) => {
      first.reject(error);
      resolve(endedBy(error));
    });
  });
  first.promise.catch(() => undefined);
  stream.on("data", () => first.resolve());
  await first.promise;
  return { ended, cancel: () => stream.cancel() };
}

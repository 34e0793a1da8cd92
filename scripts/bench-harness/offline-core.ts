// The store of a folder that no core serves, filled by the core's own code: the same entities, MACs and audit as over gRPC,
// in a fraction of the time. For benchmarks that need tens of thousands of users or open transactions before they begin.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CoreGiven } from "../../core/server/src/given.ts";
import {
  keyKey,
  keyOwnerKey,
  linkKey,
  linkOwnerKey,
  peerKey,
  tokenKey,
  userKey,
} from "../../core/server/src/identity/entity-key.ts";
import { keyIndex } from "../../core/server/src/identity/key-index.ts";
import type { Key } from "../../core/server/src/identity/key.ts";
import { linkIndex } from "../../core/server/src/identity/link-index.ts";
import type { Link } from "../../core/server/src/identity/link.ts";
import type { User } from "../../core/server/src/identity/user.ts";
import { openLog } from "../../core/server/src/log.ts";
import { openStorage } from "../../core/server/src/open-storage.ts";
import { RandomPool } from "../../core/server/src/random-pool.ts";
import { isRefusal } from "../../core/server/src/rpc/refusal.ts";
import { tokenId } from "../../core/server/src/rpc/token.ts";
import { shardOfKey, shardOfUser, type HexId, type Shard } from "../../core/server/src/store/entity.ts";
import type { AnyWrite } from "../../core/server/src/store/store.ts";
import { createTransaction } from "../../core/server/src/transaction/create.ts";
import { readCreate } from "../../core/server/src/transaction/read-create.ts";
import { PLATFORM } from "./bench-core.ts";
import type { BenchUser } from "./bench-user.ts";
import { paymentOf } from "./payment.ts";
import { SoftKey } from "./soft-key.ts";

/** Of what bootstrap made. */
export interface Names {
  readonly tenantId: HexId;
  readonly appId: HexId;
  readonly botId: HexId;
}

/** Holds the folder alone until `close`, or until its process is killed. */
export class OfflineCore {
  readonly #given: CoreGiven;
  readonly #names: Names;

  private constructor(given: CoreGiven, names: Names) {
    this.#given = given;
    this.#names = names;
  }

  /** For what is asked of it in this process. */
  get given(): CoreGiven {
    return this.#given;
  }

  get names(): Names {
    return this.#names;
  }

  /** A folder that `bootstrapCore` made. */
  static async open(folder: string): Promise<OfflineCore> {
    const at = { data: join(folder, "data"), secrets: join(folder, "secrets"), development: true };
    const { secrets, store } = await openStorage(at);
    const given: CoreGiven = {
      ...{ store, secrets, serverId: secrets.serverId, random: new RandomPool(), log: openLog("warn") },
      development: true,
      soleCore: true,
    };
    try {
      return new OfflineCore(given, await namesOf(given, folder));
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** A user as enrolling a key and linking a chat leave him. */
  async addUser(index: number): Promise<BenchUser> {
    const userId = `bench-${index}`;
    const user = { userId, peerId: String(1_000_000 + index), key: new SoftKey(`BENCH-${index}`), prompts: [] };
    const { tenantId, botId } = this.#names;
    const now = this.#given.store.now();
    const linkId = randomUUID().replaceAll("-", "");
    const key = this.#keyOf(user, now);
    const link = linkOf({ tenantId, userId, linkId }, botId, user.peerId, now);
    const owner = { tenantId, userId };
    const body: User = {
      ...{ tenantId, userId, state: "ACTIVE" as const, phrase: "blue teapot", locale: "en", createdAt: now },
      ...{ keyIds: [key.keyId], linkIds: [linkId], open: [], prompts: [] },
      ...{ wrongInARow: 0, thaw: undefined, thaws: [] },
    };
    await Promise.all([
      this.#write(shardOfUser(tenantId, userId), [
        { key: userKey(tenantId, userId), expected: "", body },
        { key: keyKey(tenantId, key.keyId), expected: "", body: key, index: keyIndex(key) },
        { key: linkKey(tenantId, linkId), expected: "", body: link, index: linkIndex(link) },
      ]),
      this.#add({ key: keyOwnerKey(key.keyId), expected: "", body: owner }),
      this.#add({ key: linkOwnerKey(tenantId, linkId), expected: "", body: owner }),
      this.#add({ key: peerKey(tenantId, botId, user.peerId), expected: "", body: { ...owner, linkId } }),
    ]);
    return user;
  }

  /** The n-th payment, PENDING: what Create does after it has read the request. */
  async create(userId: string, n: number): Promise<HexId> {
    const { tenantId, appId } = this.#names;
    const draft = readCreate(paymentOf(userId, n), { kind: "app", tenantId, appId, scope: "submit" });
    const made = isRefusal(draft) ? draft : await createTransaction(this.#given, draft);
    if (isRefusal(made)) throw new Error(`payment ${n} of ${userId}: ${made.refused} ${made.message}`);
    return made.transaction.txId;
  }

  close(): Promise<void> {
    return this.#given.store.close();
  }

  #keyOf({ userId, key }: BenchUser, now: number): Key {
    const { serverId } = this.#given;
    const enrolment = key.enrol({ serverId, challenge: this.#given.random.bytes(32) });
    return {
      ...{ tenantId: this.#names.tenantId, userId, keyId: key.keyId, publicKey: key.publicKey, serial: key.serial },
      ...{ state: "ACTIVE", model: "emulator", registryVersion: 1, glyphs: "latin", hasDisplay: true, hasKeypad: true },
      ...{ enrolment, enrolledAt: now, heldUntil: now, counter: { highest: 0, seen: 0n } },
    };
  }

  #add(write: AnyWrite): Promise<void> {
    return this.#write(shardOfKey(write.key), [write]);
  }

  async #write(shard: Shard, writes: readonly AnyWrite[]): Promise<void> {
    const { store } = this.#given;
    const { epoch } = await store.load(shard);
    const subject = `user:${writes[0]?.key.id ?? ""}`;
    const audit = [
      { event: "bench.prepared", tenant: this.#names.tenantId, actor: "bench", subject, detail: {} },
    ] as const;
    const changeId = randomUUID().replaceAll("-", "");
    const outcome = await store.commit(shard, { changeId, epoch, writes, audit });
    if (outcome !== "committed") throw new Error(`a user could not be written: ${outcome}`);
  }
}

function linkOf(of: Pick<Link, "tenantId" | "userId" | "linkId">, botId: HexId, peerId: string, now: number): Link {
  return {
    ...{ ...of, platform: PLATFORM, state: "LINKED", botId, peerId, peerName: "Ann", txId: undefined },
    ...{ until: now, linkedAt: now, heldUntil: now, unanswered: 0, failure: undefined },
  };
}

/** Of the tenant, app and bot that bootstrap made: their tokens lead to them. */
async function namesOf({ store }: CoreGiven, folder: string): Promise<Names> {
  const holderOf = async (name: string) => {
    const token = readFileSync(join(folder, "tokens", `${name}.token`), "utf8").trim();
    const key = tokenKey(tokenId(token));
    return (await store.load(shardOfKey(key), key)).entities[0].body;
  };
  const [app, bot] = [await holderOf("app"), await holderOf("bot")];
  if (app?.kind !== "app" || bot?.kind !== "bot") throw new Error(`${folder}: its tokens lead to no app and bot`);
  return { tenantId: app.tenantId, appId: app.appId, botId: bot.botId };
}

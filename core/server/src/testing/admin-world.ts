// For tests: the administrators of a world, each with a token, a key and a linked chat, and what they sign.
import { createHash } from "node:crypto";
import { AdminServiceClient } from "@countersign/proto/node/admin/v1/admin_service";
import type {
  Action,
  AdminServiceApproveChangeResponse,
  AdminServiceRequestChangeResponse,
  Change as ChangeMessage,
} from "@countersign/proto/node/admin/v1/admin_service";
import { UserServiceClient } from "@countersign/proto/node/core/v1/user_service";
import { credentials } from "@grpc/grpc-js";
import type { Admin, Role } from "../admin/admin.ts";
import { ADMINS } from "../admin/change-directory.ts";
import { changeDue } from "../admin/end-change.ts";
import { sessionWrites, SESSION_MS } from "../admin/session.ts";
import { INSTALLATION } from "../admin/tenant-of.ts";
import { administrationKey, adminKey, changeKey, tenantKey, tokenKey } from "../identity/entity-key.ts";
import type { Tenant } from "../identity/tenant.ts";
import { parsePolicy } from "../policy/policy-document.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, shardOfKey, type HexId } from "../store/entity.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { servicesOf } from "../services.ts";
import { call } from "./call.ts";
import { CoreWorld, drawHexId, newTestKey, type TestKey, type WorldOptions } from "./core-world.ts";
import { serveWorld, type ServedWorld } from "./serve-world.ts";

/** An administrator of a test. */
export interface TestAdmin {
  readonly adminId: string;
  readonly token: string;
  readonly key: TestKey;
}

type AskedChange = AdminServiceRequestChangeResponse | AdminServiceApproveChangeResponse;

export class AdminWorld {
  readonly world: CoreWorld;
  #requests = 0;

  private constructor(world: CoreWorld) {
    this.world = world;
  }

  /** With the administration's tenant, and nobody in it. */
  static async open(options: WorldOptions & { readonly adminsEver?: number } = {}): Promise<AdminWorld> {
    const world = await CoreWorld.open(options);
    const name = { tenantId: ADMINISTRATION, name: "administration", issuer: "Countersign admin" };
    await AdminWorld.#putTenant(world, { ...name, policy: parsePolicy(options.policy ?? {}), policyVersion: 1 });
    await AdminWorld.#index(world, world.tenantId);
    const administration = {
      invitation: "",
      first: "anna",
      adminsEver: options.adminsEver ?? 2,
      ownKeyConfirmed: true,
    };
    await world.put(administrationKey, administration);
    return new AdminWorld(world);
  }

  static async #putTenant(world: CoreWorld, body: Tenant): Promise<void> {
    const key = tenantKey(body.tenantId);
    await world.commit(shardOfKey(key), [{ key, expected: "", body, index: { owner: INSTALLATION } }]);
  }

  /** The tenants of a CoreWorld are in no list. */
  static async #index(world: CoreWorld, tenantId: HexId): Promise<void> {
    const key = tenantKey(tenantId);
    const { entities } = await world.given.store.load(shardOfKey(key), key);
    const [{ version: expected, body }] = entities;
    await world.commit(shardOfKey(key), [{ key, expected, body, index: { owner: INSTALLATION } }]);
  }

  /** A tenant that lists find. */
  async addTenant(issuer: string): Promise<HexId> {
    const tenantId = drawHexId();
    const policy = parsePolicy({});
    await AdminWorld.#putTenant(this.world, { tenantId, name: issuer, issuer, policy, policyVersion: 1 });
    return tenantId;
  }

  /** ACTIVE, with key and chat. */
  async addAdmin(adminId: string, role: Role, tenantId: HexId = ""): Promise<TestAdmin> {
    const { world } = this;
    const [token, key] = [newToken("cs_admin_", world.given.random), newTestKey()];
    const tokens = { listed: [{ id: tokenId(token), issuedAt: 0 }] };
    const body: Admin = { adminId, role, tenantId, state: "ACTIVE", createdAt: 0, tokens, claimed: true };
    const index = { owner: ADMINS, sort: 0 };
    await world.commit(ADMINISTRATION_SHARD, [{ key: adminKey(adminId), expected: "", body, index }]);
    await world.put(tokenKey(tokenId(token)), { kind: "admin", adminId });
    await world.addUser({ tenantId: ADMINISTRATION, userId: adminId }, key, drawHexId());
    return { adminId, token, key };
  }

  /** A session of a page, as his LOGIN begins it; its token. */
  async addSession({ adminId }: TestAdmin): Promise<string> {
    const { store, random } = this.world.given;
    const token = newToken("cs_admin_", random);
    const { entities, now } = await store.load(ADMINISTRATION_SHARD, adminKey(adminId));
    const login = { token: tokenId(token), until: now + SESSION_MS };
    await this.world.commit(ADMINISTRATION_SHARD, sessionWrites(entities[0], login, now));
    await this.world.put(tokenKey(tokenId(token)), { kind: "admin", adminId });
    return token;
  }

  client(address: string): AdminServiceClient {
    return new AdminServiceClient(address, credentials.createInsecure());
  }

  requestId(): string {
    this.#requests += 1;
    return `change ${this.#requests}`;
  }

  /** Asks for a change over the wire. */
  request(
    client: AdminServiceClient,
    admin: TestAdmin,
    what: NonNullable<Action["what"]>,
    tenantId: HexId = "",
  ): Promise<AdminServiceRequestChangeResponse> {
    const request = { requestId: this.requestId(), tenantId, action: { what } };
    return call(client, "requestChange", request, admin.token);
  }

  approve(client: AdminServiceClient, admin: TestAdmin, changeId: string): Promise<AdminServiceApproveChangeResponse> {
    return call(client, "approveChange", { requestId: this.requestId(), changeId }, admin.token);
  }

  /** His key signs what it was asked, with the code of his phone. */
  async sign(admin: TestAdmin, asked: AskedChange): Promise<Transaction | Refusal> {
    const txId = asked.transaction?.transactionId ?? "";
    const transaction = await this.world.transaction(txId);
    const signed = this.world.signed(transaction, {}, admin.key);
    return submitStatement(this.world.given, { txId, tenantId: undefined, signed });
  }

  /** As sign, and what the sweeper does then. */
  async confirm(admin: TestAdmin, asked: AskedChange): Promise<void> {
    const verdict = await this.sign(admin, asked);
    if (isRefusal(verdict)) throw new Error(`${verdict.refused}: ${verdict.message}`);
    await this.carryOut(asked.change?.changeId ?? "");
  }

  /** What the sweeper does with a change that is due. */
  async carryOut(changeId: HexId): Promise<void> {
    await changeDue(this.world.given, { shard: ADMINISTRATION_SHARD, key: changeKey(changeId) });
  }

  async change(client: AdminServiceClient, admin: TestAdmin, changeId: string): Promise<ChangeMessage> {
    const { change } = await call(client, "getChange", { changeId }, admin.token);
    if (change === undefined) throw new Error("GetChange answered none");
    return change;
  }
}

/** A served world with two owners, and clients for it. */
export class ServedAdmins {
  readonly admins: AdminWorld;
  readonly anna: TestAdmin;
  readonly bob: TestAdmin;
  readonly served: ServedWorld;
  readonly client: AdminServiceClient;
  readonly users: UserServiceClient;

  private constructor(admins: AdminWorld, anna: TestAdmin, bob: TestAdmin, served: ServedWorld) {
    this.admins = admins;
    this.anna = anna;
    this.bob = bob;
    this.served = served;
    this.client = admins.client(served.address);
    this.users = new UserServiceClient(served.address, credentials.createInsecure());
  }

  static async open(options: Parameters<typeof AdminWorld.open>[0] = {}): Promise<ServedAdmins> {
    const admins = await AdminWorld.open(options);
    const [anna, bob] = [await admins.addAdmin("anna", "owner"), await admins.addAdmin("bob", "owner")];
    return new ServedAdmins(admins, anna, bob, await serveWorld(servicesOf(admins.world.given)));
  }

  async close(): Promise<void> {
    this.client.close();
    this.users.close();
    await this.served.close();
  }

  /** A bearer token that nobody knows yet. */
  draw(prefix: string): string {
    return newToken(prefix, this.admins.world.given.random);
  }
}

/** What a request tells of a token that the test drew. */
export function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

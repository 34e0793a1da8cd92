import {
  Admin,
  AdminServiceGetTransactionResponse,
  Bot,
  Role,
  Tenant,
} from "@countersign/proto/node/admin/v1/admin_service";
import { AuditEvent, AuditServiceTailResponse } from "@countersign/proto/node/admin/v1/audit_service";
import { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { User, UserState } from "@countersign/proto/node/core/v1/user_service";
import { CoreRefusal, type Core, type Found, type TransactionFilter } from "../core/core-port.ts";

/** A stop that was asked for. */
export interface Stop {
  readonly what: string;
  readonly onBehalf: string;
}

/** A core of two tenants in memory: reads and stops, and keeps who asked for what. */
export class FakeCore implements Core {
  readonly stops: Stop[] = [];
  readonly tenantList: Tenant[] = [
    Tenant.create({ tenantId: "a".repeat(32), name: "acme", issuer: "Acme Bank" }),
    Tenant.create({ tenantId: "b".repeat(32), name: "globex", issuer: "Globex" }),
  ];
  /** By tenant: names of users. */
  readonly users: Record<string, string[]> = { ["a".repeat(32)]: ["max", "ann"], ["b".repeat(32)]: ["max"] };
  readonly botList: Record<string, Bot[]> = {
    ["a".repeat(32)]: [
      Bot.create({ botId: "1".repeat(32), name: "tg", platform: "telegram", attached: true }),
      Bot.create({ botId: "2".repeat(32), name: "mx", platform: "matrix", attached: false, waiting: 3 }),
    ],
    ["b".repeat(32)]: [Bot.create({ botId: "3".repeat(32), name: "tg", platform: "telegram", attached: true })],
  };
  readonly transactionList: Record<string, Transaction[]> = {};
  role: Role = Role.OPERATOR;
  /** Every call is refused for this reason; undefined: none is. */
  refusal: string | undefined;
  /** Cursors that tails began with. */
  readonly cursors: string[] = [];
  #tails: ((message: AuditServiceTailResponse) => void)[] = [];
  #break: (() => void)[] = [];
  #seq = 0;

  whoAmI(): Promise<Admin> {
    return this.#answer(() => Admin.create({ adminId: "ops", role: this.role, tenantId: "" }));
  }

  tenants(): Promise<readonly Tenant[]> {
    return this.#answer(() => this.tenantList);
  }

  bots(tenantId: string): Promise<readonly Bot[]> {
    return this.#answer(() => this.botList[tenantId] ?? []);
  }

  transactions(tenantId: string, { states = [], tag = "" }: TransactionFilter): Promise<Found<Transaction>> {
    return this.#answer(() => {
      const items = (this.transactionList[tenantId] ?? [])
        .filter((one) => states.length === 0 || states.includes(one.state))
        .filter((one) => tag === "" || one.tag === tag);
      return { items, more: false };
    });
  }

  transaction(tenantId: string, id: string): Promise<AdminServiceGetTransactionResponse | undefined> {
    return this.#answer(() => {
      const transaction = this.transactionList[tenantId]?.find(({ transactionId }) => transactionId === id);
      return transaction === undefined ? undefined : AdminServiceGetTransactionResponse.create({ transaction });
    });
  }

  hasUser(tenantId: string, userId: string): Promise<boolean> {
    return this.#answer(() => this.users[tenantId]?.includes(userId) === true);
  }

  usersBeginning(tenantId: string, prefix: string): Promise<readonly User[]> {
    return this.#answer(() =>
      (this.users[tenantId] ?? []).filter((one) => one.startsWith(prefix)).map((userId) => User.create({ userId })),
    );
  }

  freeze(tenantId: string, userId: string, onBehalf: string): Promise<User> {
    return this.#answer(() => {
      this.stops.push({ what: `freeze ${tenantId.slice(0, 1)} ${userId}`, onBehalf });
      return User.create({ userId, state: UserState.FROZEN });
    });
  }

  pause(tenantId: string, botId: string, onBehalf: string): Promise<Bot> {
    return this.#answer(() => {
      this.stops.push({ what: `pause ${tenantId.slice(0, 1)} ${botId.slice(0, 1)}`, onBehalf });
      return Bot.create({ botId, paused: true });
    });
  }

  async tail(
    _events: readonly string[],
    cursor: string,
    take: (message: AuditServiceTailResponse) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#answer(() => undefined);
    this.cursors.push(cursor);
    this.#tails.push(take);
    take(AuditServiceTailResponse.create({ cursor: cursor === "" ? "c0" : cursor }));
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    this.#break.push(() => reject(new CoreRefusal("")));
    try {
      await promise;
    } finally {
      this.#tails = this.#tails.filter((one) => one !== take);
    }
  }

  close(): void {
    this.breakTails();
  }

  /** Whether anybody listens. */
  get listening(): boolean {
    return this.#tails.length > 0;
  }

  breakTails(): void {
    for (const end of this.#break.splice(0)) end();
  }

  /** Tells an event to who listens; returns it, so that it can be told again. */
  happens(event: string, detail: object = {}, more: Partial<AuditEvent> = {}): AuditEvent {
    this.#seq += 1;
    const told = AuditEvent.create({
      ...{ shard: 7, seq: BigInt(this.#seq), event, tenantId: "a".repeat(32), actor: "admin:bob" },
      ...{ subject: `transaction:${"0".repeat(31)}1`, detailJson: JSON.stringify(detail) },
      entryHash: Buffer.from(String(this.#seq).padStart(64, "0"), "hex"),
      ...more,
    });
    this.tell(told);
    return told;
  }

  tell(...events: readonly AuditEvent[]): void {
    for (const take of this.#tails) {
      take(AuditServiceTailResponse.create({ events: [...events], cursor: `c${this.#seq}` }));
    }
  }

  #answer<T>(answer: () => T): Promise<T> {
    return this.refusal === undefined ? Promise.resolve(answer()) : Promise.reject(new CoreRefusal(this.refusal));
  }
}

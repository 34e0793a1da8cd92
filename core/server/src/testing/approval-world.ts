// For tests: a core whose policy wants several people, and these people.
import { dueHandlersOf } from "../services.ts";
import type { DueHandlers } from "../sweep.ts";
import { beginApproval } from "../approval/begin-approval.ts";
import type { CoreGiven } from "../given.ts";
import { changeUser } from "../identity/change-user.ts";
import { freeze } from "../identity/stop-user.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Found, Store } from "../store/store.ts";
import type { EntityType } from "../store/entity.ts";
import type { Created } from "../transaction/create.ts";
import type { Draft } from "../transaction/draft.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { CoreWorld, drawHexId, newTestKey, type TestKey, type WorldOptions } from "./core-world.ts";

/** All of them are other users than the one who asks. */
export const PEOPLE = ["treasurer", "director", "auditor"] as const;
export const TWO_OF_TWO: { readonly approvers: readonly object[] } = {
  approvers: [{ users: ["treasurer", "director"], needed: 2 }],
};

export class ApprovalWorld {
  readonly core: CoreWorld;
  /** The core at work; another one over the same store after `over`. */
  readonly given: CoreGiven;
  readonly keys: ReadonlyMap<string, TestKey>;
  readonly #handlers: DueHandlers;

  private constructor(core: CoreWorld, keys: ReadonlyMap<string, TestKey>, given: CoreGiven) {
    this.core = core;
    this.keys = keys;
    this.given = given;
    this.#handlers = dueHandlersOf(given);
  }

  /** The same people and store, with another core. */
  over(given: CoreGiven): ApprovalWorld {
    return new ApprovalWorld(this.core, this.keys, given);
  }

  static async open(options: WorldOptions = {}): Promise<ApprovalWorld> {
    const core = await CoreWorld.open({ policy: TWO_OF_TWO, ...options });
    const keys = new Map([[core.userId, core.key]]);
    for (const userId of PEOPLE) {
      const key = newTestKey();
      keys.set(userId, key);
      await core.addUser({ tenantId: core.tenantId, userId }, key, drawHexId());
    }
    return new ApprovalWorld(core, keys, core.given);
  }

  get store(): Store {
    return this.given.store;
  }

  now({ txId }: Pick<Transaction, "txId">): Promise<Transaction> {
    return this.core.transaction(txId);
  }

  keyOf(userId: string): TestKey {
    const key = this.keys.get(userId);
    if (key === undefined) throw new Error(`no such user: ${userId}`);
    return key;
  }

  /** A transaction that its own user confirmed, with those told who have to approve it. */
  async confirmed(change: Partial<Draft> = {}): Promise<Transaction> {
    const pending = await this.core.pending(change);
    const answer = await this.sign(pending);
    if (isRefusal(answer)) throw new Error(`${answer.refused}: ${answer.message}`);
    await this.sweep();
    return this.now(pending);
  }

  /** What the user's own key gives for the code on his phone. */
  sign(transaction: Transaction): Promise<Transaction | Refusal> {
    const signed = this.core.signed(transaction, {}, this.keyOf(transaction.userId));
    return this.submit(transaction, signed);
  }

  submit({ txId, tenantId }: Transaction, signed: Uint8Array): Promise<Transaction | Refusal> {
    return submitStatement(this.given, { txId, tenantId, signed });
  }

  begin({ txId: parentId }: Pick<Transaction, "txId">, userId: string): Promise<Created | Refusal> {
    return beginApproval(this.given, { tenantId: this.core.tenantId, parentId, userId, actor: "app:test" });
  }

  /** The approver's own transaction, open. */
  async asked(parent: Pick<Transaction, "txId">, userId: string): Promise<Transaction> {
    const begun = await this.begin(parent, userId);
    if (isRefusal(begun)) throw new Error(`${begun.refused}: ${begun.message}`);
    return begun.transaction;
  }

  /** Asked and signed, and everybody told. */
  async approve(parent: Pick<Transaction, "txId">, userId: string): Promise<Transaction> {
    const child = await this.asked(parent, userId);
    const answer = await this.sign(child);
    if (isRefusal(answer)) throw new Error(`${answer.refused}: ${answer.message}`);
    await this.sweep();
    return this.now(child);
  }

  /** He froze himself, on a phone. */
  async freeze(userId: string): Promise<void> {
    await changeUser(this.given, { tenantId: this.core.tenantId, userId }, "test", freeze);
  }

  /** As his own key thaws him. */
  async thaw(userId: string): Promise<void> {
    await changeUser(this.given, { tenantId: this.core.tenantId, userId }, "test", (user) =>
      user.state === "ACTIVE" ? user : { user: { ...user, state: "ACTIVE" }, event: "user.thawed" },
    );
  }

  async revoke(userId: string): Promise<void> {
    const of = { tenantId: this.core.tenantId, userId };
    await this.core.changeKey(of, this.keyOf(userId).keyId, { state: "REVOKED" });
  }

  /** How many entities of these types are left to be handled. */
  async left(...types: readonly EntityType[]): Promise<number> {
    const due = await this.store.due(Number.MAX_SAFE_INTEGER, 1000);
    return due.filter(({ key }) => types.includes(key.type)).length;
  }

  /** Everything that is due, until nothing is that a sweep would end. */
  async sweep(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const due = await this.store.due(this.store.now(), 100);
      const own = due.filter(({ key }) => key.type !== "delivery" && key.type !== "link");
      if (own.length === 0) return;
      for (const found of own) await this.handle(found);
    }
    throw new Error("what is due stays due");
  }

  async handle(found: Found): Promise<void> {
    const handler = this.#handlers[found.key.type] as ((one: Found) => Promise<void>) | undefined;
    await handler?.(found);
  }

  /** As an honest executor: claim, begin, do it, report. The state, or why not. */
  async execute(parent: Transaction, who = "1"): Promise<string> {
    const appId = who.repeat(32);
    const { txDigest, txId } = parent;
    const claim = { type: "claimed", claimId: who, appId, txDigest, leaseMs: 60_000, idempotent: false } as const;
    const claimed = await happen(this.given, txId, claim, `app:${appId}`);
    if (isRefusal(claimed)) return claimed.refused;
    if (!("lease" in claimed)) return claimed.state;
    const { fence } = claimed.lease;
    await happen(this.given, txId, { type: "begun", appId, fence }, `app:${appId}`);
    const report = { type: "reported", appId, fence, outcome: "EXECUTED", detail: "" } as const;
    const after = await happen(this.given, txId, report, `app:${appId}`);
    return isRefusal(after) ? after.refused : after.state;
  }
}

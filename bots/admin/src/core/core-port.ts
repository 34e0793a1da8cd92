import type {
  Admin,
  AdminServiceGetTransactionResponse,
  Bot,
  Tenant,
} from "@countersign/proto/node/admin/v1/admin_service";
import type { AuditServiceTailResponse } from "@countersign/proto/node/admin/v1/audit_service";
import type { State } from "@countersign/proto/node/core/v1/content";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import type { User } from "@countersign/proto/node/core/v1/user_service";

/** A bounded look: `more` says that there is, or may be, more than was looked at. */
export interface Found<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

/** Which transactions of a tenant. */
export interface TransactionFilter {
  readonly states?: readonly State[];
  readonly tag?: string;
}

/**
 * All that the administrators' bot can ask of a core: it reads and it stops. There is nothing here that loosens, and an
 * operator's token opens nothing that does. Every call has a deadline and rejects with CoreRefusal alone.
 */
export interface Core {
  /** Who the token's holder is. */
  whoAmI(): Promise<Admin>;
  /** Those that he has a part in. */
  tenants(): Promise<readonly Tenant[]>;
  bots(tenantId: string): Promise<readonly Bot[]>;
  transactions(tenantId: string, filter: TransactionFilter): Promise<Found<Transaction>>;
  /** undefined: there is none of this id in the tenant. */
  transaction(tenantId: string, id: string): Promise<AdminServiceGetTransactionResponse | undefined>;
  hasUser(tenantId: string, userId: string): Promise<boolean>;
  usersBeginning(tenantId: string, prefix: string): Promise<readonly User[]>;
  /** `onBehalf`: who typed it, as `telegram:4242`; goes to the audit. */
  freeze(tenantId: string, userId: string, onBehalf: string): Promise<User>;
  pause(tenantId: string, botId: string, onBehalf: string): Promise<Bot>;
  /** Ends when the signal aborts; rejects with CoreRefusal when the stream breaks. `cursor` "": from now. */
  tail(
    events: readonly string[],
    cursor: string,
    take: (message: AuditServiceTailResponse) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): void;
}

/** Why a call was not answered, in words of closed sets. */
export class CoreRefusal extends Error {
  override readonly name = "CoreRefusal";
  /** As ErrorInfo names it, or `""`: nothing answered. */
  readonly reason: string;

  constructor(reason: string) {
    super(`the core did not answer as asked: ${reason === "" ? "no answer" : reason}`);
    this.reason = reason;
  }

  /** Nothing answered, or the core cannot at the moment: whether it did what was asked is unknown. */
  get isOutage(): boolean {
    return ["", "UNAVAILABLE", "STORE_FULL", "INTERNAL"].includes(this.reason);
  }

  /** What is stored cannot be trusted. */
  get isIntegrity(): boolean {
    return this.reason === "INTEGRITY";
  }

  /** The token is not, or no longer, one of an administrator. */
  get isForGood(): boolean {
    return this.reason === "UNAUTHENTICATED" || this.reason === "NOT_ALLOWED";
  }
}

import type { CoreGiven } from "../given.ts";
import type { Tenant } from "../identity/tenant.ts";
import type { AdminLevel } from "../policy/policy.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import type { AdminAction, Change } from "./change.ts";
import type { By } from "./change-directory.ts";

export type ActionType = AdminAction["type"];
export type ActionOf<T extends ActionType> = Extract<AdminAction, { readonly type: T }>;

/** For whom and where something is done. `tenant` undefined: the installation. */
export interface Doing {
  readonly changeId: Change["changeId"];
  readonly requestedBy: string;
  /** What it is about may have been stopped anew since: that stop it does not end. */
  readonly requestedAt: UnixMs;
  /** As it is stored. */
  readonly tenant: Tenant | undefined;
}

/** All there is to one kind of change. */
export interface ActionRule<T extends ActionType> {
  level(action: ActionOf<T>, of: Doing): AdminLevel;
  /** Never fewer administrators than so many, whatever the policy says; absent: one. Asked after `judge`. */
  least?(given: CoreGiven, of: Doing, action: ActionOf<T>): Promise<number>;
  /**
   * Why it cannot be done as things stand, or by what name people know what it is about ("": the action says it). Asked
   * before anything is stored, and once more right before it is carried out.
   */
  judge(given: CoreGiven, of: Doing, action: ActionOf<T>): Promise<{ readonly name: string } | Refusal>;
  /** Does it, after all keys confirmed. Doing it again changes nothing; a refusal says that nothing was done. */
  carryOut(given: CoreGiven, of: Doing, action: ActionOf<T>, by: By): Promise<Refusal | undefined>;
}

export function tenantIn({ tenant }: Doing): Tenant {
  if (tenant === undefined) throw new Error("a change of a tenant was asked for without one");
  return tenant;
}

export function unknown(field: string): Refusal {
  return refuse("NOT_FOUND", `${field}: there is none of this id.`);
}

/** What was stopped after the change was asked for is not what its keys meant to start. */
export function stoppedAnew({ requestedAt }: Doing, stoppedAt: UnixMs | undefined): Refusal | undefined {
  if (stoppedAt === undefined || stoppedAt <= requestedAt) return undefined;
  return refuse("STATE_CONFLICT", "It was stopped anew since this was asked for: ask for it again.");
}

/** Two people, whatever the policy says: one alone makes or replaces nobody's keys. */
export const TWO = 2;

/** Nothing else than what it says. */
export const NAMELESS = { name: "" } as const;

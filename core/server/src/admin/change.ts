// Something that loosens, from the moment it is asked for. docs/decisions/0024, "How a change goes"
import type { Field } from "@countersign/protocol";
import type { Platform, Scope } from "../identity/tenant.ts";
import type { AdminLevel, Policy } from "../policy/policy.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { Role } from "./admin.ts";

/** Whose token. */
export type HolderRef =
  | { readonly kind: "app"; readonly id: HexId }
  | { readonly kind: "bot"; readonly id: HexId }
  | { readonly kind: "admin"; readonly id: string };

/** What is to be done, with all ids drawn. Tokens are hashes: tokenId of what the administrator drew himself. */
export type AdminAction =
  | { readonly type: "create_tenant"; readonly newTenantId: HexId; readonly name: string; readonly issuer: string }
  | {
      readonly type: "create_app";
      readonly appId: HexId;
      readonly name: string;
      readonly scope: Scope;
      readonly token: string;
    }
  | {
      readonly type: "create_bot";
      readonly botId: HexId;
      readonly name: string;
      readonly platform: Platform;
      readonly token: string;
    }
  | {
      readonly type: "add_token";
      readonly holder: HolderRef;
      readonly token: string;
      readonly overlapMs: number | undefined;
    }
  | { readonly type: "enable_app"; readonly appId: HexId }
  | { readonly type: "enable_bot" | "resume_bot"; readonly botId: HexId }
  | { readonly type: "set_policy"; readonly policy: Policy; readonly expectedVersion: number }
  | { readonly type: "resume_user" | "thaw_user"; readonly userId: string }
  | { readonly type: "confirm_key"; readonly keyId: HexId; readonly fingerprint: string }
  | {
      readonly type: "create_admin";
      readonly adminId: string;
      readonly role: Role;
      readonly adminTenantId: HexId;
      readonly invitation: string;
    }
  | { readonly type: "enable_admin"; readonly adminId: string }
  | { readonly type: "recover_user"; readonly userId: string; readonly reason: string }
  | { readonly type: "recover_admin"; readonly adminId: string; readonly invitation: string };

/** One administrator's yes: the ADMIN transaction that his key signed. */
export interface Approval {
  readonly adminId: string;
  readonly txId: HexId;
  readonly at: UnixMs;
}

/** As it is stored. PARTIAL and EXPIRED are what approvals and time make of REQUESTED. */
export interface Change {
  readonly changeId: HexId;
  /** Where it is done; "": the installation itself. */
  readonly tenantId: HexId;
  readonly action: AdminAction;
  readonly level: AdminLevel;
  /** Distinct administrators, the one who asked among them; from the policy when it was asked for. */
  readonly needed: number;
  readonly requestedBy: string;
  readonly requestedAt: UnixMs;
  readonly expiresAt: UnixMs;
  /** A create_admin of who was the only one: it makes the second administrator ever, and nobody after him. */
  readonly alone?: true;
  /** What keys and chats show, the same for everybody who is asked. */
  readonly fields: readonly Field[];
  readonly approvals: readonly Approval[];
  readonly state: "REQUESTED" | "APPROVED" | "APPLIED" | "REJECTED" | "FAILED";
  readonly rejectedBy?: string;
  /** Stable reason of FAILED. */
  readonly failure?: string;
  readonly detail?: string;
  readonly endedAt?: UnixMs;
  /** Who asked and who confirmed were told in their chats how it ended. Absent: not yet, or it ended before that was done. */
  readonly told?: true;
}

export type ChangeStanding = Change["state"] | "PARTIAL" | "EXPIRED";

/** Two people who are on holiday in turn meet within a week. */
export const CHANGE_MS: number = 7 * 24 * 3_600_000;

export function standingOf(change: Change, now: UnixMs): ChangeStanding {
  if (change.state !== "REQUESTED") return change.state;
  if (now >= change.expiresAt) return "EXPIRED";
  return change.approvals.length === 0 ? "REQUESTED" : "PARTIAL";
}

/** Still waits for somebody's key. */
export function isOpen(change: Change, now: UnixMs): boolean {
  const standing = standingOf(change, now);
  return standing === "REQUESTED" || standing === "PARTIAL";
}

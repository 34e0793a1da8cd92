// Who runs the installation. docs/decisions/0024-nobody-above-the-rules.md
import type { HeldTokens } from "../identity/held-token.ts";
import type { HexId, UnixMs } from "../store/entity.ts";

/** Owner: everything, everywhere. Admin: everything in one tenant. Operator: reads and stops. Auditor: reads. */
export const ROLES = ["owner", "admin", "operator", "auditor"] as const;
export type Role = (typeof ROLES)[number];

/** An administrator; his keys, chats and transactions are those of the user of this name in the administration tenant. */
export interface Admin {
  /** His name, for ever. */
  readonly adminId: string;
  readonly role: Role;
  /** His one tenant; "": all. */
  readonly tenantId: HexId;
  readonly state: "INVITED" | "ACTIVE" | "DISABLED";
  readonly createdAt: UnixMs;
  readonly tokens: HeldTokens;
  /** By tokenId; absent for the first one. */
  readonly invitation?: {
    readonly id: string;
    readonly until: UnixMs;
    /** Of his user, which it waits for; absent: it makes him for the first time, or was used. */
    readonly recovery?: HexId;
    /** By who was the only one: it makes the second administrator ever, and nobody after him. */
    readonly alone?: true;
  };
  /** When he was disabled last. Absent: never, or before it was kept. */
  readonly disabledAt?: UnixMs;
  /** The change that enabled him last: it ends no later stop. Absent: none did. */
  readonly enabledBy?: HexId;
  /** His test messages of the last hour, oldest first. Absent: he never sent one. */
  readonly tests?: readonly { readonly linkId: HexId; readonly at: UnixMs }[];
  /** He claimed his invitation once. */
  readonly claimed: boolean;
}

/** An invitation is claimed within a day. */
export const INVITATION_MS: number = 24 * 3_600_000;

/** What is known of the administrators as a whole. */
export interface Administration {
  /** tokenId of the one-time token of the first one. */
  readonly invitation: string;
  /** Who the first one is; absent: nobody claimed it yet. */
  readonly first?: string;
  /** Never falls: whoever disables the others does not become the only one again. */
  readonly adminsEver: number;
  /** When the last reset was, and how many there had been until then. Absent: there was none, or before it was kept. */
  readonly reset?: { readonly at: UnixMs; readonly before: number };
  /** The first one confirmed his first key, which nobody else does without a change. */
  readonly ownKeyConfirmed: boolean;
}

/** May he act in this tenant; "": for the installation itself. */
export function hasPart({ tenantId }: Pick<Admin, "tenantId">, inTenant: HexId): boolean {
  return tenantId === "" || tenantId === inTenant;
}

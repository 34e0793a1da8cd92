import type { HexId, UnixMs } from "../store/entity.ts";
import type { Kind } from "@countersign/protocol";
import type { HeldTokens } from "./held-token.ts";
import type { Policy } from "../policy/policy.ts";

/** A relying party, or a part of one. Its issuer name is unique in the installation and at most 20 columns. */
export interface Tenant {
  readonly tenantId: HexId;
  readonly name: string;
  readonly issuer: string;
  readonly policy: Policy;
  readonly policyVersion: number;
  /** The change that made this version of the policy; absent: none did. */
  readonly policyChange?: HexId;
}

export type Scope = "submit" | "execute";

/** A program of the relying party. Its token is stored as a hash, in a `token` entity. */
export interface App {
  readonly appId: HexId;
  readonly tenantId: HexId;
  readonly name: string;
  readonly scope: Scope;
  readonly disabled: boolean;
  /** Absent: every token that was issued for it. */
  readonly tokens?: HeldTokens;
  /** Administrators each of whom gave out a token of it alone, at any time. Absent: none did. */
  readonly hands?: readonly string[];
  /** When it was disabled last. Absent: never, or before it was kept. */
  readonly disabledAt?: UnixMs;
  /** The change that ended its last stop: it ends no later one. Absent: none did. */
  readonly startedBy?: HexId;
}

export type Platform = "telegram" | "matrix" | "mail" | "sms" | "sandbox";

/** `actor`: as the audit names him. */
export interface StoppedBy {
  readonly actor: string;
  readonly at: UnixMs;
}

/** One chat identity. */
export interface Bot {
  readonly botId: HexId;
  readonly tenantId: HexId;
  readonly name: string;
  readonly platform: Platform;
  readonly disabled: boolean;
  /** From its last Hello, with {token}; "" before. */
  readonly deepLink: string;
  /** An administrator stopped it: it is handed nothing. Absent: false. */
  readonly paused?: boolean;
  /** Who paused and who disabled it last, and when. Absent: nobody since this is kept. */
  readonly pausedBy?: StoppedBy;
  readonly disabledBy?: StoppedBy;
  /** The changes that ended its last stops: they end no later one. Absent: none did. */
  readonly startedBy?: HexId;
  readonly resumedBy?: HexId;
  /** Absent: every token that was issued for it. */
  readonly tokens?: HeldTokens;
}

/** Who holds a token; the entity's id is the hex SHA-256 of the whole token, so that a dump yields none. */
export type TokenHolder = (
  | { readonly kind: "app"; readonly tenantId: HexId; readonly appId: HexId }
  | { readonly kind: "bot"; readonly tenantId: HexId; readonly botId: HexId }
  | { readonly kind: "admin"; readonly adminId: string }
  /** `adminId`: "" for the first administrator, who chooses his name. */
  | { readonly kind: "invitation"; readonly adminId: string }
) & {
  /** It counts while its holder lists it. Absent: issued before holders had a list. */
  readonly listed?: true;
};

/** Allows one Create for one user. The token is HMAC(K_token, "grant" ‖ id). */
export interface Grant {
  readonly grantId: HexId;
  readonly tenantId: HexId;
  readonly userId: string;
  readonly kinds: readonly Kind[];
  readonly until: UnixMs;
  /** The request_id that used it; the same one may come again. */
  readonly usedBy: string | undefined;
}

import type { Kind } from "@countersign/protocol";
import type { Platform, Scope } from "../identity/tenant.ts";
import type { Role } from "../admin/admin.ts";
import type { HexId, UnixMs } from "../store/entity.ts";

/** Who calls, as proven by the bearer token. */
export type Caller =
  | ({ readonly kind: "app"; readonly tenantId: HexId; readonly appId: HexId; readonly scope: Scope } & Ending)
  /** A program on the user's PC that may create once. */
  | {
      readonly kind: "grant";
      readonly tenantId: HexId;
      readonly userId: string;
      readonly grantId: HexId;
      readonly kinds: readonly Kind[];
    }
  /** A program on the user's PC that may confirm one transaction. */
  | { readonly kind: "confirmation"; readonly txId: HexId }
  /** No bearer token: the enrolment token is in the request, and its service checks it. */
  | { readonly kind: "enrolment" }
  | ({ readonly kind: "bot"; readonly tenantId: HexId; readonly botId: HexId; readonly platform: Platform } & Ending)
  /** `tenantId` "": every tenant. */
  | ({ readonly kind: "admin"; readonly adminId: string; readonly role: Role; readonly tenantId: HexId } & Ending)
  /** Somebody who may become that administrator; "": the first one. */
  | { readonly kind: "invitation"; readonly adminId: string; readonly invitation: string };

interface Ending {
  /** When his token ends; absent: nobody said so. */
  readonly until?: UnixMs;
}

/** What a caller is called in the table of permissions: apps by their scope, administrators by their role. */
export type CallerKind = Scope | "grant" | "confirmation" | "enrolment" | "bot" | "invitation" | Role;

export function callerKind(caller: Caller): CallerKind {
  if (caller.kind === "app") return caller.scope;
  return caller.kind === "admin" ? caller.role : caller.kind;
}

export type AppCaller = Extract<Caller, { kind: "app" }>;

/** For RPCs that apps alone may call: the table of permissions has let nobody else through. */
export function appOf(caller: Caller): AppCaller {
  if (caller.kind === "app") return caller;
  throw new Error(`an app was expected, not ${caller.kind}`);
}

export type AdminCaller = Extract<Caller, { kind: "admin" }>;

/** For RPCs that administrators alone may call. */
export function adminOf(caller: Caller): AdminCaller {
  if (caller.kind === "admin") return caller;
  throw new Error(`an administrator was expected, not ${caller.kind}`);
}

/** How the audit names the caller. */
export function actorOf(caller: Caller): string {
  switch (caller.kind) {
    case "app":
      return `app:${caller.appId}`;
    case "bot":
      return `bot:${caller.botId}`;
    case "admin":
    case "invitation":
      return `admin:${caller.adminId}`;
    case "grant":
    case "confirmation":
    case "enrolment":
      return "client";
  }
}

/** May this caller use the RPC? undefined: no token was given. */
export type Allow = (caller: Caller | undefined) => boolean;

function callers(...kinds: readonly CallerKind[]): Allow {
  return (caller) => caller !== undefined && kinds.includes(callerKind(caller));
}

export const submitApp: Allow = callers("submit");
export const executeApp: Allow = callers("execute");
export const anyApp: Allow = callers("submit", "execute");
export const submitAppOrGrant: Allow = callers("submit", "grant");
export const submitAppOrToken: Allow = callers("submit", "confirmation");
export const anyAppOrToken: Allow = callers("submit", "execute", "confirmation");
export const confirmationToken: Allow = callers("confirmation");
export const anyAppOrEnrolment: Allow = callers("submit", "execute", "enrolment");
export const bot: Allow = callers("bot");
export const anyAdmin: Allow = callers("owner", "admin", "operator", "auditor");
/** Those who may stop something. */
export const stoppingAdmin: Allow = callers("owner", "admin", "operator");
/** Those who may ask for what loosens, and agree to it. */
export const changingAdmin: Allow = callers("owner", "admin");
/** Without a bearer token. */
export const nobody: Allow = callers("enrolment");
export const invitation: Allow = callers("invitation");

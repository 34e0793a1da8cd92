import type { Kind } from "@countersign/protocol";
import type { Platform, Scope } from "../identity/tenant.ts";
import type { HexId } from "../store/entity.ts";

/** Who calls, as proven by the bearer token. */
export type Caller =
  | { readonly kind: "app"; readonly tenantId: HexId; readonly appId: HexId; readonly scope: Scope }
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
  | { readonly kind: "bot"; readonly tenantId: HexId; readonly botId: HexId; readonly platform: Platform };

/** What a caller is called in the table of permissions: apps by their scope. */
export type CallerKind = "submit" | "execute" | "grant" | "confirmation" | "enrolment" | "bot";

export function callerKind(caller: Caller): CallerKind {
  return caller.kind === "app" ? caller.scope : caller.kind;
}

export type AppCaller = Extract<Caller, { kind: "app" }>;

/** For RPCs that apps alone may call: the table of permissions has let nobody else through. */
export function appOf(caller: Caller): AppCaller {
  if (caller.kind === "app") return caller;
  throw new Error(`an app was expected, not ${caller.kind}`);
}

/** How the audit names the caller. */
export function actorOf(caller: Caller): string {
  switch (caller.kind) {
    case "app":
      return `app:${caller.appId}`;
    case "bot":
      return `bot:${caller.botId}`;
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

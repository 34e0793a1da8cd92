import type { CoreGiven } from "../given.ts";
import type { AdminLevel } from "../policy/policy.ts";
import type { Refusal } from "../rpc/refusal.ts";
import type { ActionOf, ActionRule, ActionType, Doing } from "./action-rule.ts";
import type { AdminAction } from "./change.ts";
import type { By } from "./change-directory.ts";
import { recoverAdmin, recoverUser } from "./lost-key-rules.ts";
import { addToken, createApp, createBot, enableApp, enableBot, resumeBot } from "./program-rules.ts";
import { createAdmin, createTenant, enableAdmin, setPolicy } from "./rule-rules.ts";
import { confirmKey, resumeUser, thawUser } from "./user-rules.ts";

/** Every kind of change; one without a row does not compile. */
export const ACTION_RULES: { readonly [T in ActionType]: ActionRule<T> } = {
  create_tenant: createTenant,
  create_app: createApp,
  create_bot: createBot,
  add_token: addToken,
  enable_app: enableApp,
  enable_bot: enableBot,
  resume_bot: resumeBot,
  set_policy: setPolicy,
  resume_user: resumeUser,
  thaw_user: thawUser,
  confirm_key: confirmKey,
  create_admin: createAdmin,
  enable_admin: enableAdmin,
  recover_user: recoverUser,
  recover_admin: recoverAdmin,
};

/** What concerns the installation itself, and takes an owner. */
export function isOfInstallation(action: AdminAction): boolean {
  if (action.type === "add_token") return action.holder.kind === "admin";
  return OF_INSTALLATION.includes(action.type);
}

const OF_INSTALLATION: readonly ActionType[] = ["create_tenant", "create_admin", "enable_admin", "recover_admin"];

/** How many administrators it takes at least. */
export async function leastApprovals(given: CoreGiven, of: Doing, action: AdminAction): Promise<number> {
  return (await ruleOf(action).least?.(given, of, action)) ?? 1;
}

export function levelOf(action: AdminAction, of: Doing): AdminLevel {
  return ruleOf(action).level(action, of);
}

export function judgeAction(
  given: CoreGiven,
  of: Doing,
  action: AdminAction,
): Promise<{ readonly name: string } | Refusal> {
  return ruleOf(action).judge(given, of, action);
}

export function carryOut(given: CoreGiven, of: Doing, action: AdminAction, by: By): Promise<Refusal | undefined> {
  return ruleOf(action).carryOut(given, of, action, by);
}

function ruleOf<T extends ActionType>(action: ActionOf<T>): ActionRule<T> {
  return ACTION_RULES[action.type];
}

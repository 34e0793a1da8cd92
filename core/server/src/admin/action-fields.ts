// Pure: what a change says on keys and chats. All administrators who are asked see the same lines.
import { Label, sha256, toHex, utf8, type Field } from "@countersign/protocol";
import type { Tenant } from "../identity/tenant.ts";
import { differingMembers } from "../policy/policy-json.ts";
import type { Policy } from "../policy/policy.ts";
import { badInput, type Refusal } from "../rpc/refusal.ts";
import { encodeBody } from "../store/body-codec.ts";
import type { AdminAction, Change } from "./change.ts";

const CHANGE_PREFIX = utf8("countersign/admin-change/v1\0");
/** Lines of a content, less those that every change has. */
const MOST_RULES = 18;
const LONGEST_RULE = 120;

/** What the lines are made from. */
export type ToShow = Pick<Change, "changeId" | "tenantId" | "action" | "needed" | "requestedBy">;

/** What stands where a name is not enough, as it is when the change is asked for. */
export interface ActionContext {
  /** Where it is done; undefined: the installation. */
  readonly tenant: Pick<Tenant, "name" | "policy" | "policyVersion"> | undefined;
  /** What people call the app, bot, tenant or key that an id names; "" where the action names it itself. */
  readonly name: string;
}

/** SHA-256 over everything that the core will do, so that nothing of it is outside of what is signed. */
export function digestOf({ changeId, tenantId, action, needed, requestedBy }: ToShow): Uint8Array {
  return sha256(CHANGE_PREFIX, utf8(encodeBody({ changeId, tenantId, action, needed, requestedBy })));
}

/** Its fields, or why it does not fit on a key. */
export function fieldsOf(change: ToShow, { tenant, name }: ActionContext): readonly Field[] | Refusal {
  const { action } = change;
  const rules = action.type === "set_policy" && tenant !== undefined ? rulesOf(tenant.policy, action.policy) : [];
  if (rules.length > MOST_RULES) {
    const fits = `It changes ${rules.length} members, and ${MOST_RULES} fit on a key: make several changes of it.`;
    return badInput("action.set_policy.document_json", fits);
  }
  return [
    text(Label.ACTION, SAYS[action.type]),
    ...aboutOf(action, name),
    ...(tenant === undefined ? [] : [text(Label.DETAIL_1, `Tenant ${tenant.name}`)]),
    ...(action.type === "set_policy"
      ? [text(Label.VERSION, `${action.expectedVersion} to ${action.expectedVersion + 1}`)]
      : []),
    ...rules.map((rule) => text(Label.ARGUMENT, rule)),
    text(Label.DETAIL_2, `Asked for by ${change.requestedBy}`),
    { label: Label.DIGEST, value: { type: "digest", digest: digestOf(change) } },
  ];
}

/** What it is, on keys and chats. */
export const SAYS: Readonly<Record<AdminAction["type"], string>> = {
  create_tenant: "New tenant",
  create_app: "New app",
  create_bot: "New bot",
  add_token: "New token",
  enable_app: "Enable app",
  enable_bot: "Enable bot",
  resume_bot: "Resume bot",
  set_policy: "Change the rules",
  resume_user: "Resume user",
  thaw_user: "Ask user to thaw",
  confirm_key: "Accept first key of user",
  create_admin: "New administrator",
  enable_admin: "Enable administrator",
  recover_user: "Replace keys of user",
  recover_admin: "Replace keys of administrator",
};

/** Everything that makes this one other than the next. */
function aboutOf(action: AdminAction, name: string): Field[] {
  switch (action.type) {
    case "create_tenant":
      return [text(Label.TO, action.name), text(Label.DETAIL_3, `Shown as ${action.issuer}`)];
    case "create_app":
      return [text(Label.TARGET, `app ${action.name}`), text(Label.ROLE, action.scope)];
    case "create_bot":
      return [text(Label.TARGET, `bot ${action.name}`), text(Label.CHANNEL, action.platform)];
    case "add_token":
      return [text(Label.TARGET, `${action.holder.kind} ${name}`), text(Label.DETAIL_3, overlapOf(action.overlapMs))];
    case "enable_app":
      return [text(Label.TARGET, `app ${name}`)];
    case "enable_bot":
    case "resume_bot":
      return [text(Label.TARGET, `bot ${name}`)];
    case "set_policy":
      return [];
    case "resume_user":
    case "thaw_user":
      return [text(Label.USER, action.userId)];
    case "confirm_key":
      return [text(Label.USER, name), text(Label.TARGET, `key ${action.fingerprint}`)];
    case "create_admin":
      return [
        text(Label.USER, action.adminId),
        text(Label.ROLE, action.role),
        text(Label.DETAIL_3, reachOf(action, name)),
      ];
    case "enable_admin":
    case "recover_admin":
      return [text(Label.USER, action.adminId)];
    case "recover_user":
      return [text(Label.USER, action.userId), ...(action.reason === "" ? [] : [text(Label.PURPOSE, action.reason)])];
  }
}

function reachOf({ adminTenantId }: Extract<AdminAction, { type: "create_admin" }>, name: string): string {
  return adminTenantId === "" ? "All tenants" : `Of tenant ${name}`;
}

function overlapOf(overlapMs: number | undefined): string {
  return overlapMs === undefined
    ? "Its other tokens stay"
    : `Its other tokens end after ${Math.round(overlapMs / 1000)} s`;
}

/** One line a member; of what does not fit on one, or is no plain text, the digest of the new value. */
function rulesOf(before: Policy, after: Policy): string[] {
  return differingMembers(before, after).map((member) => {
    const line = `${member.name}: ${orNone(member.before)} to ${orNone(member.after)}`;
    const plain = line.length <= LONGEST_RULE && /^[!-~]+(?: [!-~]+)*$/.test(line);
    return plain ? line : `${member.name}: to sha256 ${toHex(sha256(utf8(member.after))).slice(0, 32)}`;
  });
}

function orNone(value: string): string {
  return value === "" ? "none" : value;
}

function text(label: Label, value: string): Field {
  return { label, value: { type: "text", text: value } };
}

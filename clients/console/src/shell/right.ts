import { Role } from "@countersign/proto/web/admin/v1/admin_service";

/**
 * What a role lets its holder do: look, stop at once, or ask for what loosens. The core decides; this only keeps what it
 * would refuse off the page. docs/decisions/0024-nobody-above-the-rules.md
 */
export type Right = "read" | "stop" | "change" | "installation";

const RIGHTS: Readonly<Record<Role, readonly Right[]>> = {
  [Role.OWNER]: ["read", "stop", "change", "installation"],
  [Role.ADMIN]: ["read", "stop", "change"],
  [Role.OPERATOR]: ["read", "stop"],
  [Role.AUDITOR]: ["read"],
  [Role.UNSPECIFIED]: [],
  [Role.UNRECOGNIZED]: [],
};

/** Whether a role has a right; a role that this page does not know has none. */
export function hasRight(role: Role | undefined, right: Right): boolean {
  return role !== undefined && (RIGHTS[role] ?? []).includes(right);
}

import { type Admin, type Change, Role } from "@countersign/proto/web/admin/v1/admin_service";

/** Whether somebody's key would count for a change: the core decides, this only names people. */
export function mayApprove({ adminId, role, tenantId }: Admin, change: Change): boolean {
  if (adminId === change.requestedBy || change.approvals.some((each) => each.adminId === adminId)) return false;
  if (role === Role.OWNER) return true;
  return role === Role.ADMIN && change.tenantId !== "" && (tenantId === "" || tenantId === change.tenantId);
}

import { Role } from "@countersign/proto/web/admin/v1/admin_service";
import { expect, test } from "@jest/globals";
import { hasRight } from "./right.ts";

const of = (role: Role | undefined): string =>
  (["read", "stop", "change", "installation"] as const).filter((right) => hasRight(role, right)).join();

test("auditors read, operators stop, admins ask, owners rule the installation; who is unknown may nothing", () => {
  expect(of(Role.OWNER)).toBe("read,stop,change,installation");
  expect(of(Role.ADMIN)).toBe("read,stop,change");
  expect(of(Role.OPERATOR)).toBe("read,stop");
  expect(of(Role.AUDITOR)).toBe("read");
  for (const role of [Role.UNSPECIFIED, Role.UNRECOGNIZED, undefined, 99 as Role]) expect(of(role)).toBe("");
});

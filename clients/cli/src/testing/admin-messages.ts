// For tests: messages of the administrators' services, whole, with what a test is about.
import { Change, ChangeLevel } from "@countersign/proto/node/admin/v1/admin_service";
import { Label } from "@countersign/proto/node/core/v1/content";

export const CHANGE_ID = "c0ffee00c0ffee00c0ffee00c0ffee00";

export function changeOf(members: Partial<Change>): Change {
  return {
    ...Change.create({ changeId: CHANGE_ID, level: ChangeLevel.MEDIUM, approvalsNeeded: 1, requestedBy: "anna" }),
    requestedAt: { seconds: 1_795_000_000n, nanos: 0 },
    expiresAt: { seconds: 1_795_604_800n, nanos: 0 },
    lines: [
      { label: Label.ACTION, value: "New app" },
      { label: Label.TARGET, value: "app shop" },
    ],
    ...members,
  };
}

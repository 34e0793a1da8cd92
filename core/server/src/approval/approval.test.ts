import { describe, expect, test } from "@jest/globals";
import { ApprovalWorld } from "../testing/approval-world.ts";

describe("two of two approve", () => {
  test("what its user, the treasurer and the director confirm is claimed and executed once", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    expect(parent).toMatchObject({ state: "PARTIAL" });
    await world.approve(parent, "treasurer");
    expect(await world.now(parent)).toMatchObject({ state: "PARTIAL", approvals: [{ userId: "treasurer" }] });
    await world.approve(parent, "director");
    expect(await world.now(parent)).toMatchObject({ state: "CONFIRMED" });
    expect(await world.execute(parent)).toBe("EXECUTED");
    expect(await world.execute(parent)).toBe("STATE_CONFLICT");
  });
});

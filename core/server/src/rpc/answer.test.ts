import { describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { REASONS } from "@countersign/protocol";
import { endedBy } from "../testing/serve-world.ts";
import { answerOf, rowOf } from "./answer.ts";
import type { Caller } from "./caller.ts";
import { badInput, refuse, type RpcReason } from "./refusal.ts";

const app: Caller = { kind: "app", tenantId: "11".repeat(16), appId: "22".repeat(16), scope: "submit" };
const confirmation: Caller = { kind: "confirmation", txId: "33".repeat(16) };
const grant: Caller = { kind: "grant", tenantId: "11".repeat(16), userId: "u", grantId: "44".repeat(16), kinds: [] };

const TRANSPORT: RpcReason[] = [
  "UNAUTHENTICATED",
  "NOT_ALLOWED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "STORE_FULL",
  "UNAVAILABLE",
];
const ALL = [...(Object.keys(REASONS) as RpcReason[]), ...TRANSPORT];

describe("check 17: the two tiers", () => {
  test.each(ALL)("%s", (reason) => {
    const { forApp, forClient } = rowOf(reason);
    const exact = endedBy(answerOf(refuse(reason, "why"), app));
    expect(exact).toMatchObject({ code: forApp, reason, message: "why" });
    for (const caller of [confirmation, grant]) {
      const coarse = endedBy(answerOf(refuse(reason, "why", { metadata: { a: "b" }, retryAfterMs: 1 }), caller));
      expect(coarse.reason).toBe(forClient);
      expect(coarse.metadata).toEqual({});
      expect(coarse.message).not.toContain("why");
    }
  });

  test("each class is one set of bytes", () => {
    const byClass = new Map<string, Set<string>>();
    for (const reason of ALL) {
      const { code, details, message } = endedBy(answerOf(badInputLike(reason), confirmation));
      const bytes = `${code} ${message} ${Buffer.from(details).toString("hex")}`;
      const { forClient } = rowOf(reason);
      byClass.set(forClient, (byClass.get(forClient) ?? new Set()).add(bytes));
    }
    expect([...byClass.keys()].toSorted()).toEqual(["BUSY", "ENDED", "NOT_CONFIRMED", "TAMPERED", "TRY_AGAIN"]);
    for (const bytes of byClass.values()) expect(bytes.size).toBe(1);
  });

  test("statuses of the classes", () => {
    expect(codeOf("WRONG_CODE")).toBe(status.ABORTED);
    expect(codeOf("UNKNOWN_TRANSACTION")).toBe(status.PERMISSION_DENIED);
    expect(codeOf("TAMPERED")).toBe(status.FAILED_PRECONDITION);
    expect(codeOf("EXPIRED")).toBe(status.FAILED_PRECONDITION);
    expect(codeOf("RATE_LIMITED")).toBe(status.RESOURCE_EXHAUSTED);
  });
});

test("bad input names its fields", () => {
  const error = answerOf(badInput("fields[2].text", "U+202E is not allowed"), app);
  expect(error.details).toBe("fields[2].text: U+202E is not allowed");
  expect(Buffer.from(endedBy(error).details).toString("latin1")).toContain("google.rpc.BadRequest");
});

function codeOf(reason: RpcReason): number {
  return answerOf(refuse(reason, ""), confirmation).code;
}

function badInputLike(reason: RpcReason): ReturnType<typeof refuse> {
  return refuse(reason, reason, { violations: [{ field: reason, description: reason }] });
}

import { describe, expect, test } from "@jest/globals";
import { CHANNELS, CODES, labelOf, METHODS, methodOf, VERDICTS } from "./label-sets.ts";
import { STATES } from "../transaction/state-names.ts";

test("a label is a value of its list or `other`", () => {
  expect(labelOf(STATES, "PENDING")).toBe("PENDING");
  for (const value of ["erika", "a".repeat(32), "123456", undefined, 7, "__proto__"]) {
    for (const set of [STATES, CHANNELS, CODES, METHODS, VERDICTS]) expect(labelOf(set, value)).toBe("other");
  }
});

test("methods are the RPCs that have a permission, without their package", () => {
  expect(methodOf("/countersign.core.v1.TransactionService/Create")).toBe("TransactionService/Create");
  expect(METHODS).toContain("ChannelService/Attach");
  expect(methodOf("/countersign.admin.v1.AdminService/ListApps")).toBe("AdminService");
  const ofPeople = new Set(["AdminService", "AuditService", "WebhookService"]);
  const others = [...METHODS].filter((method) => !ofPeople.has(method));
  expect(METHODS.size - others.length).toBe(3);
  for (const method of others) expect(method).toMatch(/^[A-Z][A-Za-z]+Service\/[A-Z][A-Za-z]+$/);
});

test("codes are gRPC's seventeen", () => {
  expect(CODES.size).toBe(17);
});

describe("no list holds what could be somebody's", () => {
  test.each([
    ["states", STATES, /^[A-Z_]+$/],
    ["verdicts", VERDICTS, /^[A-Z_]+$/],
    ["codes", CODES, /^[A-Z_]+$/],
    ["channels", CHANNELS, /^[a-z]+$/],
  ])("%s", (_name, set, shape) => {
    for (const value of set) expect(value).toMatch(shape);
  });
});

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { isStop, ORDER_NAMES, readOrder, type Read } from "./parse-order.ts";

const ID = "0007019abc0123456789abcdef012345";
const order = (what: object): object => ({ type: "order", order: what });
const mistake = (name: string, what: string): object => ({ type: "mistake", name, mistake: what });

test.each<[string, object]>([
  ["/status", order({ name: "status" })],
  ["  /Status  ", order({ name: "status" })],
  ["!status", order({ name: "status" })],
  ["\uFF0Fstatus", order({ name: "status" })],
  ["/status@admin_bot", order({ name: "status" })],
  ["/start", order({ name: "help" })],
  ["/start AAAAAAAAAAAAAAAAAAAAAA", order({ name: "help" })],
  ["/status now", mistake("status", "takes-nothing")],
  ["/help me", mistake("help", "takes-nothing")],
  ["/tx", mistake("tx", "needs-tx")],
  ["/tx AMBER TIGER", order({ name: "tx", wanted: { tag: "AMBER TIGER" } })],
  ["/tx amber  tiger", order({ name: "tx", wanted: { tag: "AMBER TIGER" } })],
  ["/tx amber-tiger", order({ name: "tx", wanted: { tag: "AMBER TIGER" } })],
  [`/tx ${ID.toUpperCase()}`, order({ name: "tx", wanted: { id: ID } })],
  ["/tx amber", mistake("tx", "bad-tx")],
  [`/tx ${ID}0`, mistake("tx", "bad-tx")],
  ["/freeze", mistake("freeze", "needs-user")],
  ["/freeze max", order({ name: "freeze", user: "max", tenant: "" })],
  ["/freeze Max.M+1@x Acme Bank", order({ name: "freeze", user: "Max.M+1@x", tenant: "Acme Bank" })],
  ["/freeze müller", mistake("freeze", "bad-user")],
  [`/freeze ${"a".repeat(65)}`, mistake("freeze", "bad-user")],
  ["/pause", mistake("pause", "needs-bot")],
  ["/pause Telegram", order({ name: "pause", bot: "telegram", tenant: "" })],
  ["/pause tg-bot acme", order({ name: "pause", bot: "tg-bot", tenant: "acme" })],
  [`/pause ${ID}`, order({ name: "pause", bot: ID, tenant: "" })],
  ["/pause a/b", mistake("pause", "bad-bot")],
  ["/approve 1", { type: "loosens", name: "approve" }],
  ["/resume telegram", { type: "loosens", name: "resume" }],
  ["/thaw max", { type: "loosens", name: "thaw" }],
  ["/block AMBER TIGER", { type: "unknown" }],
  ["status", { type: "unknown" }],
  ["482 915", { type: "unknown" }],
  ["", { type: "unknown" }],
  [`/freeze max ${"x".repeat(300)}`, { type: "unknown" }],
])("%j is read", (text, read) => {
  expect(readOrder(text)).toEqual(read);
});

test("whatever is written, it is read; what stops names exactly one that could exist", () => {
  const words = fc.oneof(fc.constantFrom(...ORDER_NAMES.map((name) => `/${name}`)), fc.string());
  fc.assert(
    fc.property(fc.array(words, { maxLength: 4 }), (parts) => {
      const read: Read = readOrder(parts.join(" "));
      if (read.type !== "order" || !isStop(read.order)) return;
      const named = read.order.name === "freeze" ? read.order.user : "bot" in read.order ? read.order.bot : "";
      expect(named).toMatch(/^[A-Za-z0-9._@+-]{1,64}$/);
    }),
  );
});

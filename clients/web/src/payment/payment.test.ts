import { expect, test } from "@jest/globals";
import type { Progress } from "@countersign/sdk/browser";
import { readTyped } from "../details/typed-order.ts";
import type { Order } from "./order.ts";
import { after, doneOf, newPayment, type Payment, stepOf } from "./payment.ts";

function order(): Order {
  const typed = {
    payee: "Müller GmbH",
    account: "DE89370400440532013000",
    currency: "EUR",
    amount: "1",
    reference: "",
  };
  const read = readTyped(typed);
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return read.order;
}

const BEGUN = { order: order(), requestId: "r1", way: "daemon", repeatOf: undefined } as const;
const CREATED: Progress = {
  ...{ type: "created", transactionId: "t1", tag: "amber falcon", issuer: "Bank", mode: 2, lines: [] },
  lifetimeMs: 60_000,
};

function through(...events: readonly Progress[]): Payment {
  return events.reduce((payment, event) => after(payment, event, 1_000), newPayment(BEGUN));
}

const key = (step: "showing" | "pin" | "code" | "touch" | "computing"): Progress => ({ type: "key", step });
const state = (name: string): Progress => ({ type: "state", state: name, detail: "" });

test("nothing but what is shown is taken of what a tab keeps", () => {
  const given = { ...BEGUN, user: "anna", confirmationToken: "cs_conf_secret" };
  expect(
    JSON.stringify(newPayment(given), (_name, each: unknown) => (typeof each === "bigint" ? 0 : each)),
  ).not.toMatch(/secret|anna/);
});

test("created: two words, and until when by this PC's clock", () => {
  expect(through(CREATED)).toMatchObject({ tag: "amber falcon", issuer: "Bank", until: 61_000, waiting: "showing" });
});

test("from key over phone to the result", () => {
  const events: Progress[] = [
    ...[CREATED, { type: "equal" } as const, key("showing"), key("pin"), key("code"), key("computing")],
    ...[{ type: "signed", rejected: false } as const, state("CONFIRMED"), state("EXECUTING")],
  ];
  const waited = events.map((_each, at) => through(...events.slice(0, at + 1)));
  expect(waited.map(({ waiting }) => waiting)).toEqual([
    ...["showing", "showing", "showing", "pin", "code", "computing", "verdict", "bank", "bank"],
  ]);
  expect(waited.map(stepOf)).toEqual([2, 2, 2, 2, 3, 2, 2, 4, 4]);
});

test("a code that was not taken: key and phone once more, until something was signed again", () => {
  const again = through(CREATED, { type: "signed", rejected: false }, { type: "try-again" });
  expect(again).toMatchObject({ again: true, waiting: "showing" });
  expect(after(again, { type: "signed", rejected: false }, 0).again).toBe(false);
});

test("others have to confirm as well: how many have, also where an event does not tell", () => {
  const partial = { type: "state", state: "PARTIAL", detail: "" } as const;
  const one = through(CREATED, { ...partial, approvals: { given: 1, needed: 2 } as never });
  expect([one.waiting, one.approvals, stepOf(one)]).toEqual(["others", { given: 1, needed: 2 }, 4]);
  expect(after(one, partial, 0).approvals).toEqual({ given: 1, needed: 2 });
  expect(after(one, { type: "state", state: "CONFIRMED", detail: "" }, 0).approvals).toBeUndefined();
});

test("withdrawn too late stays told", () => {
  expect(through(CREATED, { type: "state", state: "TOO_LATE", detail: "" }).withdrawing).toBe("too-late");
});

test("a state of a newer core changes nothing", () => {
  expect(through(CREATED, { type: "state", state: "SOMETHING_NEW", detail: "" })).toEqual(through(CREATED));
});

test.each<[string, readonly Progress[], number]>([
  [
    "withdrawn before it came to a key",
    [CREATED, { type: "outcome", outcome: { state: "CANCELLED", byUser: true } }],
    1,
  ],
  ["rejected at the phone", [CREATED, key("code"), { type: "outcome", outcome: { state: "TAMPERED" } }], 1],
  [
    "confirmed, and not carried out",
    [CREATED, state("CONFIRMED"), { type: "outcome", outcome: { state: "TAMPERED" } }],
    3,
  ],
])("%s: no step counts as done that was not", (_name, events, done) => {
  expect(doneOf(through(...events))).toBe(done);
});

test("while it runs the steps before the one it is at are done", () => {
  expect([through(CREATED), through(CREATED, key("code")), through(CREATED, state("CONFIRMED"))].map(doneOf)).toEqual([
    1, 2, 3,
  ]);
});

test("the outcome is the end", () => {
  const over = through(CREATED, { type: "outcome", outcome: { state: "TAMPERED" } });
  expect([over.outcome, stepOf(over)]).toEqual([{ state: "TAMPERED" }, 4]);
});

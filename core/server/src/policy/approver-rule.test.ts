import { Kind, Label, type Field } from "@countersign/protocol";
import { describe, expect, test } from "@jest/globals";
import { approvalFor } from "./approver-rule.ts";
import { parsePolicy } from "./policy-document.ts";
import { documentOf, policyJson } from "./policy-json.ts";
import { amountsOf } from "./value-class.ts";

const EUR_10_000 = [{ currency: "EUR", minorUnits: "1000000" }];
const PAIR = ["treasurer", "director"];
const POLICY = {
  approvers: [
    { kinds: ["PAY", "TRANSFER"], from: EUR_10_000, users: PAIR, needed: 2 },
    { kinds: ["DEPLOY"], users: ["anna", "bob", "carol"], needed: 1, withinHours: 4 },
  ],
};

const amount = (minorUnits: bigint, currency = "EUR"): Field[] => [
  { label: Label.AMOUNT, value: { type: "amount", amount: { currency, minorUnits } } },
];
const neededFor = (kind: Kind, fields: Field[]): number => {
  return approvalFor(parsePolicy(POLICY), kind, amountsOf(fields))?.needed ?? 0;
};

describe("who has to confirm beside the user", () => {
  test.each([
    ["below", Kind.PAY, amount(999_999n), 0],
    ["from the amount on", Kind.PAY, amount(1_000_000n), 2],
    ["a currency without a limit of its own", Kind.TRANSFER, amount(1n, "USD"), 2],
    ["money without an amount", Kind.PAY, [], 2],
    ["whatever it is about", Kind.DEPLOY, [], 1],
    ["a kind of no rule", Kind.LOGIN, [], 0],
    ["what the core asks by itself", Kind.LINK, [], 0],
  ])("%s", (_name, kind, fields, needed) => expect(neededFor(kind, fields)).toBe(needed));

  test("of several that match the first decides", () => {
    const rules = [
      { from: EUR_10_000, users: PAIR, needed: 2 },
      { users: PAIR, needed: 1 },
    ];
    const policy = parsePolicy({ approvers: rules });
    const of = (minorUnits: bigint) => approvalFor(policy, Kind.PAY, amountsOf(amount(minorUnits)));
    expect([of(1n)?.needed, of(1_000_000n)?.needed]).toEqual([1, 2]);
  });

  test("they have three days, a week at most", () => {
    expect(parsePolicy({ approvers: [{ users: PAIR, needed: 1 }] }).approvers?.[0]?.withinHours).toBe(72);
  });
});

describe("a document is refused, naming the member", () => {
  test.each([
    ["nobody is needed", [{ users: PAIR, needed: 0 }], "approvers.0.needed: must be at least 1"],
    ["more are needed than there are", [{ users: PAIR, needed: 3 }], "approvers.0.needed: must not be more"],
    ["nobody is named", [{ users: [], needed: 1 }], "approvers.0.users: must name at least 1"],
    ["one is named twice", [{ users: ["anna", "anna"], needed: 2 }], "approvers.0.users: must not name one twice"],
    ["no user's name", [{ users: ["a b"], needed: 1 }], "approvers.0.users.0: must be the name of a user"],
    ["eleven are named", [{ users: [..."abcdefghijk"], needed: 1 }], "approvers.0.users: must name at most 10"],
    ["more than a week", [{ users: PAIR, needed: 1, withinHours: 169 }], "approvers.0.withinHours: must be at most"],
    ["an unknown member", [{ users: PAIR, needed: 1, amount: 1 }], "approvers.0.amount: no such member"],
    ["a kind of the core", [{ users: PAIR, needed: 1, kinds: ["THAW"] }], "approvers.0.kinds.0: must be one of"],
    [
      "a lax rule hides a strict one",
      [
        { users: PAIR, needed: 1 },
        { from: EUR_10_000, users: PAIR, needed: 2 },
      ],
      "approvers: rule 1 needs more people",
    ],
  ])("%s", (_name, approvers, text) => {
    expect(() => parsePolicy({ approvers })).toThrow(text);
  });
});

test("it is written as it is read", () => {
  const policy = parsePolicy(POLICY);
  expect(policyJson(parsePolicy(documentOf(policy)))).toBe(policyJson(policy));
});

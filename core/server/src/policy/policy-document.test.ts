import { describe, expect, test } from "@jest/globals";
import { Kind } from "@countersign/protocol";
import { DEFAULT_POLICY, digitsNeeded, parsePolicy, PolicyError } from "./policy-document.ts";

test("an empty document is the default policy", () => {
  expect(DEFAULT_POLICY).toMatchObject({
    digits: 6,
    tries: 3,
    lifetimeS: 120,
    lifetimePerPageS: 5,
    claimByS: 600,
    wrongCodesInARow: 5,
    resends: 3,
    resendAfterS: 60,
    unansweredPause: 10,
    holdHours: 24,
    approvals: 1,
  });
  expect(DEFAULT_POLICY.channels).not.toContain("mail");
  expect(DEFAULT_POLICY.channels).not.toContain("sms");
  expect(DEFAULT_POLICY.kinds).toContain(Kind.PAY);
});

test("amounts, kinds and keys are read", () => {
  const policy = parsePolicy({ highValue: [{ currency: "EUR", minorUnits: "1000000" }], kinds: ["PAY"] });
  expect(policy.highValue).toEqual([{ currency: "EUR", minorUnits: 1_000_000n }]);
  expect(policy.kinds).toEqual([Kind.PAY]);
});

describe("check 01, 03, 05, 18: each bound holds at its edge and not one beyond", () => {
  test.each([
    ["digits", 6, 10],
    ["highValueDigits", 8, 10],
    ["lifetimeS", 30, 600],
    ["lifetimePerPageS", 0, 60],
    ["tries", 1, 5],
    ["claimByS", 1, 3600],
    ["wrongCodesInARow", 1, 5],
    ["openPerUser", 1, 5],
    ["promptsPerMinute", 1, 5],
    ["resends", 0, 3],
    ["resendAfterS", 60, 600],
    ["channelTimeoutS", 5, 300],
    ["unansweredPause", 1, 10],
    ["holdHours", 24, 720],
    ["approvals", 1, 1],
  ])("%s %d..%d", (member, least, most) => {
    const rest = member === "digits" ? { highValueDigits: 10 } : {};
    expect(parsePolicy({ ...rest, [member]: least })).toMatchObject({ [member]: least });
    expect(parsePolicy({ ...rest, [member]: most })).toMatchObject({ [member]: most });
    for (const value of [least - 1, most + 1, least + 0.5, String(least), null, Number.NaN]) {
      expect(() => parsePolicy({ ...rest, [member]: value })).toThrow(new RegExp(`${member}: `));
    }
  });
});

describe("assurance", () => {
  test.each([
    [{}, "low", "medium"],
    [{ assurance: "high" }, "high", "high"],
    [{ assurance: "medium" }, "medium", "medium"],
    [{ highValueAssurance: "low" }, "low", "low"],
    [{ highValueAssurance: "high" }, "low", "high"],
  ])("%j", (document, assurance, highValueAssurance) => {
    expect(parsePolicy(document)).toMatchObject({ assurance, highValueAssurance });
  });

  test.each([
    [{ assurance: "medium", highValueAssurance: "low" }, "highValueAssurance: must not be below assurance"],
    [{ assurance: "best" }, "assurance: must be one of low, medium, high"],
    [{ assurance: 1 }, "assurance: must be one of low, medium, high"],
  ])("%j is refused", (document, rule) => {
    expect(() => parsePolicy(document)).toThrow(rule);
  });
});

test("check 27: zero approvers are refused", () => {
  expect(() => parsePolicy({ approvals: 0 })).toThrow("approvals: must be at least 1");
});

describe("check 02: guessing odds", () => {
  test("5 wrong codes of 6 digits are 1 in 200 000 and allowed; a tighter bound asks for more digits", () => {
    expect(parsePolicy({ digits: 6, tries: 5 }).digits).toBe(6);
    expect(() => parsePolicy({ digits: 6, guessOneIn: 1_000_000 })).toThrow("take 7");
    expect(parsePolicy({ digits: 7, guessOneIn: 1_000_000 }).digits).toBe(7);
  });
  test.each([
    [5, 200_000, 6],
    [3, 200_000, 6],
    [5, 200_001, 7],
    [1, 1_000_000, 6],
    [1, 1_000_001, 7],
  ])("%d wrong codes, 1 in %d: %d digits", (allowed, oneIn, digits) => {
    expect(digitsNeeded(allowed, oneIn)).toBe(digits);
  });
});

const twice = (): unknown => parsePolicy({ digits: 5, tries: 9 });

describe("refused documents name the member", () => {
  test.each([
    [{ digit: 6 }, "digit: no such member"],
    [{ modes: [] }, "modes: must name at least 1"],
    [{ modes: ["A", "A"] }, "modes: must not name one twice"],
    [{ modes: ["D"] }, "modes.0: must be one of A, B, C"],
    [{ modes: ["B"], displayMode: "A" }, "displayMode: must be one of modes"],
    [{ digits: 9, highValueDigits: 8 }, "highValueDigits: must not be below digits"],
    [{ kinds: ["THAW"] }, "kinds.0: must be one of PAY"],
    [{ channels: ["fax"] }, "channels.0: must be one of telegram"],
    [{ highValue: [{ currency: "EUR", minorUnits: 5 }] }, "highValue.0.minorUnits: must be a string of digits"],
    [{ highValue: [{ currency: "EUR", minorUnits: "05" }] }, "highValue.0.minorUnits: must be at most 30 digits"],
    [
      {
        modeCLimit: [
          { currency: "EUR", minorUnits: "1" },
          { currency: "EUR", minorUnits: "2" },
        ],
      },
      "modeCLimit: must name a currency once",
    ],
    [{ attestationKeys: [{ model: "m", publicKey: "00" }] }, "attestationKeys.0.publicKey: must be the COSE_Key"],
  ])("%j", (json, why) => {
    expect(() => parsePolicy(json)).toThrow(why);
  });

  test("all of them at once", () => {
    expect(twice).toThrow(PolicyError);
    expect(twice).toThrow(/digits: must be at least 6[^]*tries: must be at most 5/);
  });

  test.each([[null], [[]], ["{}"]])("%j is no document", (json) => {
    expect(() => parsePolicy(json)).toThrow(PolicyError);
  });
});

import { describe, expect, test } from "@jest/globals";
import { Kind, Label, Mode, renderFields, type Field } from "@countersign/protocol";
import type { Key } from "../identity/key.ts";
import type { Link } from "../identity/link.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { evaluatePolicy, type Asked, type Evaluation } from "./evaluate.ts";
import { parsePolicy } from "./policy-document.ts";

const NOW = 1_800_000_000_000;

const key = (over: Partial<Key> = {}): Key => ({
  keyId: "aa".repeat(16),
  tenantId: "11".repeat(16),
  userId: "alice",
  state: "ACTIVE",
  publicKey: new Uint8Array(77),
  model: "emulator",
  serial: "E1",
  registryVersion: 1,
  glyphs: "latin",
  hasDisplay: true,
  hasKeypad: true,
  enrolment: new Uint8Array(),
  enrolledAt: 0,
  heldUntil: 0,
  counter: { highest: 0, seen: 0n },
  ...over,
});
const plain = key({ keyId: "bb".repeat(16), hasDisplay: false });

const link = (over: Partial<Link> = {}): Link => ({
  linkId: "cc".repeat(16),
  tenantId: "11".repeat(16),
  userId: "alice",
  platform: "telegram",
  state: "LINKED",
  botId: "dd".repeat(16),
  peerId: "7",
  peerName: undefined,
  txId: undefined,
  until: 0,
  linkedAt: 0,
  heldUntil: 0,
  unanswered: 0,
  failure: undefined,
  ...over,
});

const payment = (minorUnits: bigint, currency = "EUR", to = "Miller"): Field[] => [
  { label: Label.AMOUNT, value: { type: "amount", amount: { currency, minorUnits } } },
  { label: Label.TO, value: { type: "text", text: to } },
  { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
];

const ask = (policy: object, over: Partial<Asked> = {}): ReturnType<typeof evaluatePolicy> => {
  const fields = over.fields ?? payment(100n);
  return evaluatePolicy(
    { policy: parsePolicy(policy), policyVersion: 4 },
    {
      kind: Kind.PAY,
      lines: over.lines ?? renderFields(Kind.PAY, fields),
      keys: [key()],
      links: [link()],
      modeHint: undefined,
      lifetimeMs: undefined,
      now: NOW,
      ...over,
      fields,
    },
  );
};

const strength = { C: 1, A: 2, B: 3 };

/** In what the answer with hints is weaker than the one without. A hint may turn an answer into a refusal, never back. */
function findWeaker(base: Evaluation | Refusal, hinted: Evaluation | Refusal, modes: readonly string[]): string[] {
  if (isRefusal(base)) return isRefusal(hinted) ? [] : ["answered what was refused"];
  if (isRefusal(hinted)) return hinted.refused === "POLICY_UNMET" ? [] : [`refused as ${hinted.refused}`];
  const found: [boolean, string][] = [
    [strength[hinted.mode] < strength[base.mode], "mode"],
    [!modes.includes(hinted.mode), "a mode that the policy does not have"],
    [hinted.lifetimeMs > base.lifetimeMs, "lifetime"],
    [JSON.stringify(hinted.frozen) !== JSON.stringify(base.frozen), "frozen policy"],
    [!hinted.keyIds.every((keyId) => base.keyIds.includes(keyId)), "keys"],
  ];
  return found.flatMap(([weaker, what]) => (weaker ? [what] : []));
}

const pay = (minorUnits: bigint): Field => ({
  label: Label.PAYMENT,
  value: { type: "payment", amount: { currency: "EUR", minorUnits }, account: { notGiven: true }, payee: "Miller" },
});

const passed = (result: Evaluation | object): Evaluation => {
  expect(result).not.toHaveProperty("refused");
  return result as Evaluation;
};

test("the default policy: mode B, 6 digits, 3 tries, 120 s and 5 s a line", () => {
  const { frozen, mode, keyIds, lifetimeMs } = passed(ask({}));
  expect(mode).toBe(Mode.BOTH_SHOW);
  expect(keyIds).toEqual([key().keyId]);
  expect(lifetimeMs).toBe(135_000);
  expect(frozen).toMatchObject({ policyVersion: 4, digits: 6, tries: 3, claimByMs: 600_000, highValue: false });
});

describe("check 12: no hint makes any policy weaker", () => {
  const hints = [undefined, Mode.KEY_SHOWS, Mode.BOTH_SHOW, Mode.CHAT_SHOWS];
  const modeSets = [["A", "B", "C"], ["A", "B"], ["A", "C"], ["B", "C"], ["A"], ["B"], ["C"]] as const;
  const keySets: [string, Key[]][] = [
    ["a key with display", [key()]],
    ["a key without", [plain]],
    ["both", [key(), plain]],
  ];
  const cases = modeSets.flatMap((modes) =>
    (["A", "B"] as const)
      .filter((displayMode) => modes.some((mode) => mode === displayMode) || modes.join() === "C")
      .flatMap((displayMode) =>
        keySets.flatMap(([name, keys]) =>
          hints.flatMap((modeHint) =>
            [undefined, 10_000, 60_000, 3_600_000].map((lifetimeMs) => ({
              modes,
              displayMode,
              name,
              keys,
              modeHint,
              lifetimeMs,
            })),
          ),
        ),
      ),
  );
  test.each(cases)("modes $modes, display $displayMode, $name, hint $modeHint, lifetime $lifetimeMs", (one) => {
    const { modes, displayMode, keys, modeHint, lifetimeMs } = one;
    const base = ask({ modes, displayMode }, { keys });
    const hinted = ask({ modes, displayMode }, { keys, modeHint, lifetimeMs });
    expect(findWeaker(base, hinted, modes)).toEqual([]);
  });

  test("a stricter hint is honoured", () => {
    expect(passed(ask({ displayMode: "A" }, { modeHint: Mode.BOTH_SHOW })).mode).toBe(Mode.BOTH_SHOW);
    expect(passed(ask({}, { lifetimeMs: 30_000 })).lifetimeMs).toBe(30_000);
  });

  test.each([
    ["no fewer keys", undefined, undefined],
    ["its own key", [key().keyId], undefined],
    ["both", [key().keyId, plain.keyId], undefined],
    ["the key without a display alone", [plain.keyId], "POLICY_UNMET"],
  ])("malware picks no weaker mode by naming keys: %s", (_name, wanted, refused) => {
    const keys = [key(), plain];
    const named = ask({}, { keys, ...(wanted === undefined ? {} : { keyIds: wanted }) });
    expect(isRefusal(named) ? named.refused : undefined).toBe(refused);
    expect(findWeaker(ask({}, { keys }), named, ["A", "B", "C"])).toEqual([]);
  });

  test("a key without a display is named where no other may sign this", () => {
    const keys = [key({ state: "REVOKED" }), plain];
    expect(passed(ask({}, { keys, keyIds: [plain.keyId] }))).toMatchObject({ mode: "C", keyIds: [plain.keyId] });
    expect(ask({}, { keys, keyIds: [key().keyId] })).toMatchObject({ refused: "KEY_NOT_ACCEPTED" });
  });

  test("a lifetime in which nobody can read is refused", () => {
    expect(ask({}, { lifetimeMs: 9_999 })).toMatchObject({ refused: "BAD_INPUT", violations: [{ field: "lifetime" }] });
  });
});

test("check 03: no lifetime is above 600 s", () => {
  const fields: Field[] = [
    ...payment(1n),
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((i): Field => ({
      label: (40 + i) as Field["label"],
      value: { type: "text", text: `Detail ${i}` },
    })),
  ];
  expect(passed(ask({ lifetimeS: 560 }, { fields })).lifetimeMs).toBe(600_000);
});

describe("keys", () => {
  test.each([
    ["none", [], "KEY_NOT_ACCEPTED"],
    ["provisional", [key({ state: "PROVISIONAL" })], "KEY_NOT_ACCEPTED"],
    ["revoked", [key({ state: "REVOKED" })], "KEY_NOT_ACCEPTED"],
    ["of a model that is no longer allowed", [key({ model: "old" })], "KEY_NOT_ACCEPTED"],
    ["of an older registry", [key({ registryVersion: 0 })], "BAD_INPUT"],
  ])("%s", (_name, keys, refused) => {
    expect(ask({}, { keys })).toMatchObject({ refused });
  });

  test("only those that can show it stay; none: the field is named", () => {
    const fields = payment(1n, "EUR", "Żółć");
    const ascii = key({ keyId: "ee".repeat(16), glyphs: "ascii" });
    expect(passed(ask({}, { fields, keys: [key(), ascii] })).keyIds).toEqual([key().keyId]);
    expect(ask({}, { fields, keys: [ascii] })).toMatchObject({
      refused: "BAD_INPUT",
      violations: [{ field: "fields[1]" }],
    });
  });

  test.each([
    ["letters", key({ glyphs: "ascii" })],
    ["registry", key({ registryVersion: 0 })],
  ])("threat 29: what a display cannot show, by its %s, is no way to a key without one", (_name, display) => {
    const fields = payment(1n, "EUR", "Żółć");
    const keys = [display, plain];
    expect(ask({}, { fields, keys })).toMatchObject({ refused: "BAD_INPUT" });
    expect(ask({}, { fields, keys, keyIds: [plain.keyId] })).toMatchObject({ refused: "BAD_INPUT" });
    expect(ask({}, { fields, keys, keyIds: [plain.keyId], modeHint: Mode.CHAT_SHOWS })).toMatchObject({
      refused: "BAD_INPUT",
    });
  });

  test("one mode a transaction: keys with a display go before those without", () => {
    expect(passed(ask({}, { keys: [plain, key()] }))).toMatchObject({ mode: "B", keyIds: [key().keyId] });
    expect(passed(ask({ modes: ["C"] }, { keys: [plain, key()] }))).toMatchObject({ mode: "C", keyIds: [plain.keyId] });
  });
});

describe("high value", () => {
  const policy = { highValue: [{ currency: "EUR", minorUnits: "10000" }], channels: ["telegram", "sms", "mail"] };

  test("from the limit on: more digits", () => {
    expect(passed(ask(policy, { fields: payment(9_999n) })).frozen).toMatchObject({ digits: 6, highValue: false });
    expect(passed(ask(policy, { fields: payment(10_000n) })).frozen).toMatchObject({ digits: 8, highValue: true });
  });

  test("a currency that cannot be compared counts as high", () => {
    expect(passed(ask(policy, { fields: payment(1n, "JPY") })).frozen.highValue).toBe(true);
  });

  test("payments of a batch are added up", () => {
    const fields = [pay(5_000n), pay(5_000n)];
    const lines = [{ label: Label.PAYMENT, value: "EUR 50.00 | none given | Miller" }];
    expect(passed(ask(policy, { fields, lines })).frozen.highValue).toBe(true);
  });

  test("check 19: new keys and new channels wait", () => {
    const fields = payment(10_000n);
    expect(ask(policy, { fields, keys: [key({ heldUntil: NOW + 1 })] })).toMatchObject({
      refused: "POLICY_UNMET",
      retryAfterMs: 1,
    });
    expect(isRefusal(ask(policy, { fields, keys: [key({ heldUntil: NOW })] }))).toBe(false);
    expect(ask(policy, { fields, links: [link({ heldUntil: NOW + 1 })] })).toMatchObject({ refused: "NO_CHANNEL" });
    expect(isRefusal(ask(policy, { links: [link({ heldUntil: NOW + 1 })] }))).toBe(false);
  });

  test("check 24: by default never by SMS, nor by mail", () => {
    const links = [link({ platform: "sms" }), link({ platform: "mail" })];
    expect(ask(policy, { fields: payment(10_000n), links })).toMatchObject({ refused: "NO_CHANNEL" });
    expect(passed(ask(policy, { links })).frozen).toMatchObject({
      channels: ["telegram", "sms", "mail"],
      assurance: "low",
    });
  });
});

describe("mode C limits", () => {
  const policy = { modeCLimit: [{ currency: "EUR", minorUnits: "10000" }] };
  test.each([
    ["at the limit", plain, payment(10_000n), undefined],
    ["above it", plain, payment(10_001n), "POLICY_UNMET"],
    ["in another currency", plain, payment(1n, "JPY"), "POLICY_UNMET"],
    ["above it on a key with a display", key(), payment(10_001n), undefined],
  ])("%s", (_name, one, fields, refused) => {
    const result = ask(policy, { keys: [one], fields });
    expect(isRefusal(result) ? result.refused : undefined).toBe(refused);
  });
});

describe("channels", () => {
  test.each([
    ["check 24: mail while it is off", {}, link({ platform: "mail" }), Kind.PAY, "NO_CHANNEL"],
    ["mail once it is on", { channels: ["mail"] }, link({ platform: "mail" }), Kind.PAY, undefined],
    ["paused", {}, link({ unanswered: 10 }), Kind.PAY, "NO_CHANNEL"],
    ["not paused yet", {}, link({ unanswered: 9 }), Kind.PAY, undefined],
    ["check 06: a THAW passes the pause", {}, link({ unanswered: 10 }), Kind.THAW, undefined],
    ["a THAW needs a channel all the same", {}, link({ state: "UNLINKED" }), Kind.THAW, "NO_CHANNEL"],
    ["a LINK goes to the chat that asks", {}, link({ state: "CLAIMED" }), Kind.LINK, undefined],
    ["dead", {}, link({ state: "DEAD" }), Kind.PAY, "NO_CHANNEL"],
  ])("%s", (_name, policy, one, kind, refused) => {
    const result = ask(policy, { links: [one], kind });
    expect(isRefusal(result) ? result.refused : undefined).toBe(refused);
  });
});

const frozenFor = (policy: object, over: Partial<Asked> = {}) => passed(ask(policy, over)).frozen.assurance;

describe("assurance", () => {
  const big = payment(10_000n);
  const highValue = [{ currency: "EUR", minorUnits: "10000" }];
  const bound = link({ platform: "matrix", peerIdentity: "A".repeat(43) });

  test("low by default, medium for high value", () => {
    expect(frozenFor({})).toBe("low");
    expect(frozenFor({ highValue }, { fields: big })).toBe("medium");
  });

  test("of both members the stricter counts for high value", () => {
    const policy = { highValue, assurance: "medium", highValueAssurance: "high" };
    expect(frozenFor(policy)).toBe("medium");
    expect(frozenFor(policy, { fields: big, links: [bound] })).toBe("high");
    expect(frozenFor({ highValue, assurance: "high" }, { fields: big, links: [bound] })).toBe("high");
  });

  test("a policy from before the setting asks for what it asked for then", () => {
    const { assurance: _low, highValueAssurance: _medium, ...old } = parsePolicy({ highValue, channels: ["sms"] });
    const asked = { kind: Kind.PAY, keys: [key()], modeHint: undefined, lifetimeMs: undefined, now: NOW };
    const evaluate = (fields: Field[]) =>
      evaluatePolicy(
        { policy: old, policyVersion: 1 },
        { ...asked, fields, lines: renderFields(Kind.PAY, fields), links: [link({ platform: "sms" })] },
      );
    expect(passed(evaluate(payment(1n))).frozen.assurance).toBe("low");
    expect(evaluate(big)).toMatchObject({ refused: "NO_CHANNEL", metadata: { missing: "assurance" } });
  });

  const levels = ["low", "medium", "high"] as const;
  test.each(levels.flatMap((own) => [undefined, ...levels].map((hint) => [own, hint] as const)))(
    "check 12: the policy says %s, the hint %s: the stricter counts",
    (assurance, assuranceHint) => {
      const at = Math.max(levels.indexOf(assurance), assuranceHint === undefined ? 0 : levels.indexOf(assuranceHint));
      expect(frozenFor({ assurance }, { assuranceHint, links: [bound] })).toBe(levels[at]);
    },
  );
});

test("a kind that the policy does not name is refused", () => {
  expect(ask({ kinds: ["LOGIN"] })).toMatchObject({ refused: "BAD_INPUT", violations: [{ field: "kind" }] });
});

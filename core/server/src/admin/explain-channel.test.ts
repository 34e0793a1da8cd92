import { expect, test } from "@jest/globals";
import { Kind } from "@countersign/protocol";
import { eligibleLinks } from "../delivery/eligible.ts";
import { aLink, aPolicy, BOT, idOf, NOW, TENANT } from "../delivery/testing/entities.ts";
import type { Link } from "../identity/link.ts";
import type { Bot } from "../identity/tenant.ts";
import type { BotStanding } from "./explain-bot.ts";
import { explainChannel, type Rules } from "./explain-channel.ts";

const BOT_BODY: Bot = {
  ...{ botId: BOT, tenantId: TENANT, name: "bot", platform: "telegram", disabled: false, deepLink: "" },
};
const ATTACHED: BotStanding = { bot: BOT_BODY, lease: { botId: BOT, fence: 1, until: NOW + 1e9 } };
const RULES: Rules = { kind: Kind.PAY, action: undefined, policy: aPolicy(), highValue: false };
const LATER = NOW + 3_600_000;

const LINKS: readonly (readonly [string, Partial<Link>, Partial<Rules>, object])[] = [
  ["nothing wrong", {}, {}, { reason: "READY" }],
  ["gone", { state: "DEAD", diedAt: NOW - 7 }, {}, { reason: "PEER_GONE", since: NOW - 7 }],
  ["somebody else's", { state: "SUSPENDED" }, {}, { reason: "IDENTITY_CHANGED" }],
  ["claimed", { state: "CLAIMED" }, {}, { reason: "NOT_LINKED" }],
  ["waiting", { state: "WAITING", botId: undefined, peerId: undefined }, {}, { reason: "NOT_LINKED" }],
  ["paused", { unanswered: 10 }, {}, { reason: "CHANNEL_PAUSED_UNANSWERED" }],
  [
    "paused, by a policy of 3",
    { unanswered: 3 },
    { policy: aPolicy({ unansweredPause: 3 }) },
    { reason: "CHANNEL_PAUSED_UNANSWERED" },
  ],
  ["not in the policy", {}, { policy: aPolicy({ channels: ["matrix"] }) }, { reason: "NOT_ALLOWED_BY_POLICY" }],
  ["too weak", { platform: "sms" }, { policy: aPolicy({ assurance: "medium" }) }, { reason: "ASSURANCE_TOO_LOW" }],
  ["new, high value", { heldUntil: LATER }, { highValue: true }, { reason: "CHANNEL_ON_HOLD", until: LATER }],
  ["new, low value", { heldUntil: LATER }, {}, { reason: "READY" }],
  ["new, of unknown value", { heldUntil: LATER }, { highValue: undefined }, { reason: "CHANNEL_ON_HOLD" }],
  [
    "paused, and a THAW",
    { unanswered: 10, heldUntil: LATER },
    { kind: Kind.THAW, highValue: true },
    { reason: "READY" },
  ],
  [
    ...(["its own LINK", { state: "CLAIMED" }] as const),
    ...([{ kind: Kind.LINK, action: { type: "link", linkId: idOf("link a") } }, { reason: "READY" }] as const),
  ],
];

test.each(LINKS)("a channel that is %s", (_how, over, rules, expected) => {
  const told = explainChannel(aLink("a", over), { ...RULES, ...rules }, ATTACHED, NOW);
  expect(told).toMatchObject(expected);
});

test.each(LINKS)("agrees with the choice of channels: %s", (_how, over, rules) => {
  const of = { ...RULES, ...rules };
  if (of.highValue === undefined) return;
  const link = aLink("a", over);
  const { kind, action, policy, highValue } = of;
  const chosen = eligibleLinks({ kind, action, policy: { ...aPolicy(), ...policy, highValue } }, [link], NOW);
  expect(explainChannel(link, of, ATTACHED, NOW).reason === "READY").toBe(chosen.length === 1);
});

test("a bot that sends nothing is told before a hold, and after what is wrong with the chat", () => {
  const away: BotStanding = { bot: BOT_BODY, lease: undefined };
  const held = aLink("a", { heldUntil: LATER });
  expect(explainChannel(held, { ...RULES, highValue: undefined }, away, NOW).reason).toBe("BOT_NOT_ATTACHED");
  expect(explainChannel(aLink("a", { state: "DEAD" }), RULES, away, NOW).reason).toBe("PEER_GONE");
});

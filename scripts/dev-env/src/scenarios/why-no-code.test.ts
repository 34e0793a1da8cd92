// Real bots whose providers fail: what an administrator is told, by one command. The whole table of what bots can report is
// core/server/src/admin/explain-faults.test.ts.
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { DeliveryReason } from "@countersign/proto/node/admin/v1/admin_service";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { tempFolder } from "@countersign/testing";
import type { ChannelName } from "../chat/chat-service.ts";
import { FaultWorld } from "../faults/fault-world.ts";
import type { Position } from "../faults/valve.ts";
import { Watcher } from "../faults/watcher.ts";

/** Messages of the tests before are tried again meanwhile: one of them would use up a fault that happens once. */
const ALWAYS = { times: 100_000 };
const folder = tempFolder();
let world: FaultWorld;
let watcher: Watcher;

beforeAll(async () => {
  // So long that no other channel is asked because of the time, and that no code expires on a busy machine.
  const policy = { channelTimeoutS: 300, lifetimeS: 500 };
  world = await FaultWorld.start({ folder, channels: ["telegram", "mail", "sms"], policy });
  watcher = await Watcher.claim(world.installation);
}, 400_000);
afterEach(async () => {
  for (const channel of ["telegram", "mail", "sms"] as const) {
    await world.mend(channel);
    await world.turn(channel, "open");
  }
});
afterAll(async () => {
  watcher?.close();
  await world?.stop();
});

interface Row {
  readonly fault: string;
  readonly channel: ChannelName;
  /** As the fake of the provider words it, always; or how the line to it is turned. */
  readonly of: object | Position;
  readonly told: keyof typeof DeliveryReason;
  readonly detail: string;
}

const answers = (stage: string, code: number) => ({ stage, kind: "answer", code, text: "4.3.0 try later" });

/** As the tests of faults script them: provider-faults*.test.ts. */
const ROWS: readonly Row[] = [
  {
    ...{ fault: "403, blocked", channel: "telegram", told: "PEER_GONE", detail: "blocked" },
    of: { method: "sendMessage", kind: "status", status: 403, description: "Forbidden: bot was blocked by the user" },
  },
  {
    ...{ fault: "chat not found", channel: "telegram", told: "PEER_GONE", detail: "chat-not-found" },
    of: { method: "sendMessage", kind: "status", status: 400, description: "Bad Request: chat not found" },
  },
  {
    ...{ fault: "429 each time", channel: "telegram", told: "RATE_LIMITED", detail: "rate-limited" },
    of: { method: "*", kind: "status", status: 429, retryAfter: 0 },
  },
  {
    ...{ fault: "429 with words for a number", channel: "telegram", told: "RATE_LIMITED", detail: "rate-limited" },
    of: { method: "*", kind: "status", status: 429, retryAfter: "35 seconds" },
  },
  {
    ...{ fault: "502 with a page", channel: "telegram", told: "PROVIDER_UNREACHABLE", detail: "http-502" },
    of: { method: "*", kind: "non-json", status: 502, performed: false },
  },
  {
    ...{ fault: "taken, and 502", channel: "telegram", told: "PROVIDER_UNREACHABLE", detail: "http-502" },
    of: { method: "sendMessage", kind: "non-json", status: 502, performed: true },
  },
  {
    ...{ fault: "cut before it takes anything", channel: "telegram", told: "PROVIDER_UNREACHABLE", detail: "reset" },
    of: { method: "*", kind: "reset-before" },
  },
  {
    // Tried again, the bot sees that the code is there.
    ...{ fault: "taken, and the answer never comes", channel: "telegram", told: "SENT", detail: "" },
    of: { method: "editMessageText", kind: "after" },
  },
  {
    ...{ fault: "409", channel: "telegram", told: "PROVIDER_REFUSED", detail: "http-409" },
    of: { method: "sendMessage", kind: "status", status: 409 },
  },
  {
    ...{ fault: "nobody listens", channel: "telegram", told: "PROVIDER_UNREACHABLE", detail: "connect" },
    of: "shut",
  },
  ...[
    answers("greeting", 421),
    answers("EHLO", 451),
    answers("MAIL", 451),
    answers("RCPT", 452),
    answers("DATA", 451),
    answers("end", 451),
  ].map((of): Row => ({
    ...{ fault: `${of.code} at ${of.stage}`, channel: "mail", of },
    detail: of.stage === "EHLO" ? "connect" : `smtp-${of.code}`,
    told: ["greeting", "EHLO"].includes(of.stage) ? "PROVIDER_UNREACHABLE" : "PROVIDER_REFUSED",
  })),
  {
    ...{ fault: "550 to the mailbox", channel: "mail", told: "PEER_GONE", detail: "smtp-550" },
    of: { stage: "RCPT", kind: "answer", code: 550, text: "5.1.1 no such user" },
  },
  {
    ...{ fault: "taken, and cut", channel: "mail", told: "SENT_UNKNOWN", detail: "reset" },
    of: { stage: "end", kind: "reset", taken: true },
  },
  { fault: "nobody listens", channel: "mail", told: "PROVIDER_UNREACHABLE", detail: "connect", of: "shut" },
  {
    ...{ fault: "full", channel: "sms", told: "RATE_LIMITED", detail: "smpp-20" },
    of: { kind: "status", status: 0x14 },
  },
  {
    ...{ fault: "throttled", channel: "sms", told: "RATE_LIMITED", detail: "smpp-88" },
    of: { kind: "status", status: 0x58 },
  },
  {
    ...{ fault: "no such number", channel: "sms", told: "PEER_GONE", detail: "smpp-11" },
    of: { kind: "status", status: 0x0b },
  },
  {
    ...{ fault: "taken, and cut", channel: "sms", told: "SENT_UNKNOWN", detail: "reset" },
    of: { kind: "reset-after", after: 1 },
  },
  { fault: "nobody listens", channel: "sms", told: "PROVIDER_UNREACHABLE", detail: "connect", of: "shut" },
];

async function breaks(channel: ChannelName, of: object | Position): Promise<void> {
  if (typeof of === "string") return world.turn(channel, of);
  await world.fault(channel, { ...of, ...ALWAYS });
  // Mail keeps its connections: what goes wrong at a first hello needs a new one.
  if (channel === "mail") for (const position of ["shut", "open"] as const) await world.turn(channel, position);
}

test.each(ROWS)(
  "$channel, $fault: $told, by one command",
  async ({ channel, of, told, detail }) => {
    const user = await world.user([channel]);
    await breaks(channel, of);
    const { transaction } = await user.pay();
    await watcher.told(transaction.transactionId, channel, told, detail);
    const { finding, transactions } = await watcher.whyUntil(user.desk.userId, told, detail);
    expect([finding.text, finding.advice]).not.toContain("");
    expect(transactions[0]?.channels.map((one) => [one.platform, one.finding.reason])).toEqual([[channel, told]]);
  },
  400_000,
);

test("he puts the bot out of his chat: PEER_GONE there, and the code is on the other channel", async () => {
  const user = await world.user(["telegram", "mail"]);
  await world.tell("telegram", `phone/${user.chatId}/block`);
  await user.hands("mail").phoneSays("A channel of yours cannot be reached any more");
  const { transaction } = await user.pay();
  await watcher.told(transaction.transactionId, "mail", "SENT");
  const { channels } = await watcher.whyUntil(user.desk.userId, "SENT");
  expect(channels.find(({ platform }) => platform === "telegram")?.finding.reason).toBe("PEER_GONE");
}, 400_000);

test("429 for longer than a code lives: RATE_LIMITED", async () => {
  const user = await world.user(["telegram"]);
  try {
    await world.fault("telegram", { method: "*", kind: "status", status: 429, retryAfter: 3600, times: 1 });
    const { transaction } = await user.pay();
    await watcher.told(transaction.transactionId, "telegram", "RATE_LIMITED", "rate-limited");
    const { transactions } = await watcher.whyUntil(user.desk.userId, "RATE_LIMITED", "rate-limited");
    expect(transactions[0]?.channels.map(({ platform }) => platform)).toEqual(["telegram"]);
  } finally {
    // The pause is the process's; the next one starts without it.
    await world.installation.bot("telegram").restart();
  }
}, 400_000);

test("taken, and then a receipt says undeliverable: NOT_REACHED", async () => {
  const user = await world.user(["sms"]);
  await world.tell("sms", `phone/${encodeURIComponent(user.smsNumber)}/off`);
  const waiting = await user.pay();
  await waiting.timeline.until(DeliveryEventType.SENT, "sms");
  for (const id of await world.heldSms(user.smsNumber)) await world.tell("sms", "report", { id, stat: "UNDELIV" });
  expect(await watcher.told(waiting.transaction.transactionId, "sms", "NOT_REACHED", "")).toBe("");
}, 400_000);

test("paused, and by whom", async () => {
  const user = await world.user(["mail"]);
  const botId = await watcher.botId("mail");
  await watcher.admin.pauseBot({ tenantId: "", botId });
  const waiting = await user.pay();
  await watcher.told(waiting.transaction.transactionId, "mail", "BOT_PAUSED");
  const finding = await watcher.finding(waiting.transaction.transactionId, "mail");
  expect(finding?.by).toBe("admin:watcher");
}, 400_000);

test("its process was killed: BOT_NOT_ATTACHED once its lease is over, and sent when it is back", async () => {
  const user = await world.user(["telegram"]);
  await world.installation.bot("telegram").process.stop("SIGKILL");
  const waiting = await user.pay();
  await watcher.told(waiting.transaction.transactionId, "telegram", "BOT_NOT_ATTACHED");
  await world.installation.bot("telegram").restart();
  await watcher.told(waiting.transaction.transactionId, "telegram", "SENT");
  const finding = await watcher.finding(waiting.transaction.transactionId, "telegram");
  expect(finding?.providerId).not.toBe("");
}, 400_000);

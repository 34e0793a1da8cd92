// Real bots whose providers fail: what an administrator is told, in one call. The whole table of what bots can report is
// core/server/src/admin/explain-faults.test.ts.
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { DeliveryReason } from "@countersign/proto/node/admin/v1/admin_service";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { tempFolder } from "@countersign/testing";
import type { ChannelName } from "../chat/chat-service.ts";
import { FaultWorld } from "../faults/fault-world.ts";
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
  for (const channel of ["telegram", "mail", "sms"] as const) await world.mend(channel);
});
afterAll(async () => {
  watcher?.close();
  await world?.stop();
});

interface Row {
  readonly fault: string;
  readonly channel: ChannelName;
  readonly of: object;
  readonly told: keyof typeof DeliveryReason;
  readonly detail: string;
}

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
    ...{ fault: "502 with a page", channel: "telegram", told: "PROVIDER_UNREACHABLE", detail: "http-502" },
    of: { method: "sendMessage", kind: "non-json", status: 502, performed: false },
  },
  {
    ...{ fault: "409", channel: "telegram", told: "PROVIDER_REFUSED", detail: "http-409" },
    of: { method: "sendMessage", kind: "status", status: 409 },
  },
  {
    ...{ fault: "451 at MAIL", channel: "mail", told: "PROVIDER_REFUSED", detail: "smtp-451" },
    of: { stage: "MAIL", kind: "answer", code: 451, text: "4.3.0 try later" },
  },
  {
    ...{ fault: "550 to the mailbox", channel: "mail", told: "PEER_GONE", detail: "smtp-550" },
    of: { stage: "RCPT", kind: "answer", code: 550, text: "5.1.1 no such user" },
  },
  {
    ...{ fault: "throttled", channel: "sms", told: "RATE_LIMITED", detail: "smpp-88" },
    of: { kind: "status", status: 0x58 },
  },
  {
    ...{ fault: "no such number", channel: "sms", told: "PEER_GONE", detail: "smpp-11" },
    of: { kind: "status", status: 0x0b },
  },
];

test.each(ROWS)(
  "$channel, $fault: $told",
  async ({ channel, of, told, detail }) => {
    const user = await world.user([channel]);
    await world.fault(channel, { ...of, ...ALWAYS });
    const waiting = await user.pay();
    expect(await watcher.told(waiting.transaction.transactionId, channel, told, detail)).toBe(detail);
  },
  400_000,
);

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

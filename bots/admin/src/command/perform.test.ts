import { revealText } from "@countersign/bot-kit";
import { Kind, Label, State } from "@countersign/proto/node/core/v1/content";
import { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";
import { beforeEach, expect, test } from "@jest/globals";
import { FakeCore } from "../testing/fake-core.ts";
import { messageOf } from "../post/post.ts";
import { bookIn } from "../wording/book.ts";
import type { Asking, Watching } from "./asking.ts";
import { readOrder } from "./parse-order.ts";
import { perform } from "./perform.ts";

const [A, B] = ["a".repeat(32), "b".repeat(32)];
const quiet: Watching = { listeningSince: undefined, altered: false, waiting: 0, kept: 0, acts: [] };
const who = { id: "4242", name: "anna", locale: "en", alerts: true, identity: "" };

let core: FakeCore;
beforeEach(() => {
  core = new FakeCore();
});

/** What is answered, as it is read. */
async function answer(text: string, more: Partial<Asking> = {}): Promise<string> {
  const book = bookIn("en");
  const asking = { core, book, zone: "UTC", who, onBehalf: "telegram:4242", watching: () => quiet, ...more };
  return revealText(messageOf(asking.book, "preview-answer", await perform(readOrder(text), asking)));
}

const transaction = (id: string, tag: string, state: State, more: Partial<Transaction> = {}): Transaction =>
  Transaction.create({ transactionId: id.repeat(32), tag, state, userId: "max", kind: Kind.PAY, ...more });

test("/freeze of a name that one tenant has freezes, in the name of who typed it", async () => {
  expect(await answer("/freeze ann")).toMatch(/^ann of acme is frozen/);
  expect(core.stops).toEqual([{ what: "freeze a ann", onBehalf: "telegram:4242" }]);
});

test("/freeze of a name that two tenants have freezes nobody, and says how to name one", async () => {
  expect(await answer("/freeze max")).toContain("/freeze max acme\n/freeze max globex");
  expect(core.stops).toEqual([]);
  expect(await answer("/freeze max globex")).toContain("max of globex is frozen");
  expect(await answer("/freeze max Acme Bank")).toContain("max of acme is frozen");
  expect(core.stops.map(({ what }) => what)).toEqual(["freeze b max", "freeze a max"]);
});

test.each([
  ["/freeze nobody", "I know no user called nobody."],
  ["/freeze ma", "These begin so:\n/freeze max acme\n/freeze max globex"],
  ["/freeze max nowhere", "I may see no tenant called nowhere."],
  ["/pause sms", "no bot fits sms.\n\nThere are these:"],
  [
    "/pause telegram",
    `/pause ${"1".repeat(32)} · tg · telegram · acme\n/pause ${"3".repeat(32)} · tg · telegram · globex`,
  ],
  ["/pause", "Example: /pause telegram"],
  ["/tx", "Example: /tx AMBER TIGER"],
  ["/status now", "nothing may stand behind /status"],
  ["/resume tg", "never from a chat"],
  ["hello", "I did not understand that."],
])("%s stops nothing and says %j", async (text, says) => {
  expect(await answer(text)).toContain(says);
  expect(core.stops).toEqual([]);
});

test("/pause by platform or id pauses exactly one bot; one that is paused stays so", async () => {
  expect(await answer("/pause matrix")).toMatch(/^mx of acme is paused/);
  expect(await answer(`/pause ${"3".repeat(32)}`)).toMatch(/^tg of globex is paused/);
  expect(await answer("/pause tg acme")).toMatch(/^tg of acme is paused/);
  expect(core.stops.map(({ what }) => what)).toEqual(["pause a 2", "pause b 3", "pause a 1"]);
  const [bot] = core.botList[A] ?? [];
  if (bot !== undefined) bot.paused = true;
  expect(await answer("/pause tg acme")).toContain("was paused already");
  expect(core.stops).toHaveLength(3);
});

test("/tx lists all that have the tag, and tells one with everything but its content", async () => {
  const lines = [{ label: Label.TO, value: "Müller GmbH" }];
  core.transactionList[A] = [transaction("1", "AMBER TIGER", State.TAMPERED, { lines, reason: "TAMPERED" })];
  const told = await answer("/tx amber tiger");
  expect(told).toContain(`AMBER TIGER · TAMPERED\n${"1".repeat(32)}\n⚠ The key signed other content`);
  expect(told).toContain("Tenant: acme\nUser: max\nKind: Pay");
  expect(told).not.toContain("Müller");
  core.transactionList[B] = ["2", "3", "4"].map((id) => transaction(id, "AMBER TIGER", State.EXPIRED));
  const listed = await answer("/tx AMBER TIGER");
  for (const [id, tenant] of [
    ["1", "acme"],
    ["2", "globex"],
    ["4", "globex"],
  ] as const) {
    expect(listed).toContain(`/tx ${id.repeat(32)} · ${tenant}`);
  }
  expect(await answer(`/tx ${"3".repeat(32)}`)).toContain("AMBER TIGER · EXPIRED");
  expect(await answer("/tx RED FOX")).toContain("No transaction is RED FOX");
});

test("what reads tells how things stand", async () => {
  core.transactionList[B] = [transaction("2", "RED FOX", State.PENDING), transaction("3", "OLD OWL", State.EXECUTED)];
  expect(await answer("/status")).toContain("Bots attached: 2 of 3\n1 transaction is open.");
  expect(await answer("/channels")).toContain("acme\ntg · telegram · attached\nmx · matrix · NOT attached · 3 waiting");
  const pending = await answer("/pending");
  expect(pending).toContain("RED FOX · globex · PENDING");
  expect(pending).not.toContain("OLD OWL");
  expect(await answer("/whoami")).toContain(
    "You are anna: telegram:4242\n\nI act as ops: OPERATOR\nI see every tenant.",
  );
  expect(await answer("/help")).toContain("/freeze max · stop a user at once");
});

const act = (event: string): AuditEvent => AuditEvent.create({ event, actor: "admin:bob", subject: "bot:1" });

test("/audit tells what administrators did, newest first, and whether history was altered", async () => {
  const acts = [act("bot.paused"), act("bot.resumed")];
  const told = await answer("/audit", { watching: () => ({ ...quiet, acts, kept: 7 }) });
  expect(told).toMatch(/remember: 7\.[^]*bot\.resumed · admin:bob · bot:1\nbot\.paused/);
  expect(await answer("/audit", { watching: () => ({ ...quiet, altered: true }) })).toContain("The audit was altered");
});

test.each([
  ["", "/status", "The core does not answer."],
  ["UNAVAILABLE", "/pending", "The core does not answer."],
  ["", "/freeze ann", "nobody knows whether it was done"],
  ["INTERNAL", "/pause matrix", "nobody knows whether it was done"],
  ["NOT_ALLOWED", "/freeze ann", "The core refused: NOT_ALLOWED"],
])("a core that answers %j to %s is told as it is", async (refusal, text, says) => {
  core.refusal = refusal;
  expect(await answer(text)).toContain(says);
});

test("in Arabic every value has a row of its own", async () => {
  const told = await answer("/freeze nobody", { book: bookIn("ar") });
  expect(told.split("\n")).toContain("nobody");
});

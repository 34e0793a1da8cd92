import { describe, expect, test } from "@jest/globals";
import { Kind, RejectReason } from "@countersign/protocol";
import type { Link } from "../identity/link.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import type { Effect, Transaction } from "../transaction/transaction.ts";
import type { Delivery, Notice, NoticeType } from "./delivery.ts";
import { deliveryKey } from "./delivery-key.ts";
import { deliveryWrites } from "./plan.ts";
import { aLink, aPolicy, aTransaction, idOf, NOW } from "./testing/entities.ts";

const telegram = aLink("a");
const matrix = aLink("m", { platform: "matrix", botId: idOf("bot matrix") });
const mail = aLink("e", { platform: "mail", botId: idOf("bot mail") });

/** The user's chats after a step: what the stores would hold. */
class Chats {
  links: LoadedEntity<"link">[];
  deliveries: LoadedEntity<"delivery">[];
  alerts: Delivery[] = [];
  readonly transaction: Transaction;
  #version = 1;

  constructor(transaction: Transaction, ...links: Link[]) {
    this.transaction = transaction;
    this.links = links.map((body) => ({
      key: { type: "link", tenant: body.tenantId, id: body.linkId },
      version: "1",
      body,
    }));
    this.deliveries = links.map(({ tenantId, linkId }) => ({
      key: deliveryKey(tenantId, transaction.txId, linkId),
      version: "",
      body: undefined,
    }));
  }

  step(effects: readonly Effect[], over: Partial<Transaction> = {}, now: number = NOW): AnyWrite[] {
    const writes = deliveryWrites(effects, this, { ...this.transaction, ...over } as Transaction, now);
    for (const write of writes) this.#take(write);
    return writes;
  }

  notify(type: NoticeType, final: boolean, over: Partial<Transaction> = {}): AnyWrite[] {
    return this.step([{ type: "notify", notice: { type, at: NOW }, final }], over);
  }

  at(link: Link): Delivery | undefined {
    return this.deliveries.find(({ body }) => body?.linkId === link.linkId)?.body;
  }

  link({ linkId }: Link): Link | undefined {
    return this.links.find(({ key }) => key.id === linkId)?.body;
  }

  /** What the engine would make of it. */
  becomes(link: Link, over: Partial<Delivery>): void {
    this.deliveries = this.deliveries.map((loaded) =>
      loaded.body?.linkId === link.linkId ? { ...loaded, body: { ...loaded.body, ...over } } : loaded,
    );
  }

  #take(write: AnyWrite): void {
    const version = String(++this.#version);
    const put = <T extends { key: { id: string }; version: string }>(all: T[]): T[] =>
      all.map((each) => {
        if (each.key.id !== write.key.id) return each;
        expect(write.expected).toBe(each.version);
        return { ...each, version, body: write.body };
      });
    if (write.key.type === "link") this.links = put(this.links);
    else if (this.deliveries.some(({ key }) => key.id === write.key.id)) this.deliveries = put(this.deliveries);
    else this.alerts.push(write.body as Delivery);
  }
}

const created: readonly Effect[] = [{ type: "deliver-code", why: "created" }];
const resent: readonly Effect[] = [{ type: "deliver-code", why: "resent" }];
const inChat = {
  state: "SENT",
  shown: 1,
  providerId: "m1",
  shownIssue: { epoch: 1, n: 1 },
  mayHoldCode: true,
  fallbackAt: undefined,
} as const;

function prompted(...links: Link[]): Chats {
  const chats = new Chats(aTransaction(), ...links);
  chats.step(created);
  return chats;
}

describe("a new transaction", () => {
  test("goes to the first channel alone, until 20 s before the end", () => {
    const chats = prompted(telegram, matrix);
    expect(chats.at(telegram)).toMatchObject({
      state: "QUEUED",
      wish: 1,
      notAfter: NOW + 120_000,
      fallbackAt: NOW + 20_000,
      wanted: { phase: "full", issue: { epoch: 1, n: 1 } },
    });
    expect(chats.at(matrix)).toBeUndefined();
    expect(chats.link(telegram)?.unanswered).toBe(1);
  });

  test("the user's order decides, within the frozen policy", () => {
    expect(prompted(mail, telegram).at(mail)).toBeDefined();
    const strict = new Chats(aTransaction({ policy: aPolicy({ channels: ["matrix"] }) }), telegram, mail, matrix);
    strict.step(created);
    expect([telegram, mail, matrix].map((link) => strict.at(link)?.state)).toEqual([undefined, undefined, "QUEUED"]);
  });

  test.each([
    ["dead", { state: "DEAD" }, {}],
    ["removed", { state: "UNLINKED" }, {}],
    ["claimed and not confirmed", { state: "CLAIMED" }, {}],
    ["on hold, for high value", { heldUntil: NOW + 1 }, { policy: aPolicy({ highValue: true }) }],
    ["check 18: paused after 10 unanswered prompts", { unanswered: 10 }, {}],
  ] as const)("passes over a chat that is %s", (_name, link, over) => {
    const chats = new Chats(aTransaction(over), aLink("a", link), matrix);
    chats.step(created);
    expect(chats.at(matrix)).toBeDefined();
    expect(chats.deliveries.filter(({ body }) => body !== undefined)).toHaveLength(1);
  });

  test("check 18: 9 unanswered prompts do not pause a chat, and a hold does not stop small amounts", () => {
    expect(prompted(aLink("a", { unanswered: 9, heldUntil: NOW + 1 })).at(telegram)).toBeDefined();
  });

  test("a LINK's code goes to the chat that claims, and to no other", () => {
    const claiming = aLink("new", { state: "CLAIMED" });
    const action = { type: "link", linkId: claiming.linkId } as const;
    const chats = new Chats(aTransaction({ kind: Kind.LINK, action, mode: "A" }), telegram, claiming);
    chats.step(created);
    expect(chats.at(telegram)).toBeUndefined();
    expect(chats.at(claiming)).toMatchObject({ state: "QUEUED" });
    expect(chats.link(claiming)?.unanswered).toBe(0);
  });

  test("a THAW passes pauses, holds and the list of platforms", () => {
    const policy = aPolicy({ channels: [], highValue: true });
    const held = aLink("a", { unanswered: 10, heldUntil: NOW + 1 });
    const chats = new Chats(aTransaction({ kind: Kind.THAW, action: { type: "thaw" }, policy }), held);
    chats.step(created);
    expect(chats.at(held)).toBeDefined();
  });
});

describe("a new issue", () => {
  test("supersedes what is queued: one delivery, the new code only", () => {
    const chats = prompted(telegram);
    chats.step(resent, { issue: { epoch: 1, n: 2 } });
    expect(chats.at(telegram)).toMatchObject({ wish: 2, wanted: { phase: "full", issue: { n: 2 } }, state: "QUEUED" });
    expect(chats.at(telegram)?.wanted.notice).toBeUndefined();
  });

  test("takes the place of a code that was shown, and the message says so", () => {
    const chats = prompted(telegram, matrix);
    chats.becomes(telegram, inChat);
    const notice: Notice = { type: "RESENT", at: NOW };
    chats.step([{ type: "notify", notice, final: false }, ...resent], { issue: { epoch: 1, n: 2 } });
    expect(chats.at(telegram)?.wanted).toEqual({ phase: "full", issue: { epoch: 1, n: 2 }, notice });
    expect(chats.at(telegram)?.fallbackAt).toBe(NOW + 20_000);
    expect(chats.at(matrix)).toBeUndefined();
  });

  test("reaches every chat that may hold the old code", () => {
    const chats = prompted(telegram, matrix);
    chats.becomes(telegram, { state: "UNKNOWN", mayHoldCode: true });
    chats.step(created);
    expect(chats.at(matrix)).toBeDefined();
    chats.step(resent, { issue: { epoch: 1, n: 2 } });
    expect([telegram, matrix].map((link) => chats.at(link)?.wanted)).toMatchObject([
      { issue: { n: 2 } },
      { issue: { n: 2 } },
    ]);
  });

  test("goes to the first channel when every earlier attempt failed", () => {
    const chats = prompted(telegram, matrix);
    chats.becomes(telegram, { state: "FAILED", retryAt: undefined });
    chats.step(resent, { issue: { epoch: 2, n: 2 } });
    expect(chats.at(telegram)).toMatchObject({ state: "QUEUED", wish: 2, wanted: { issue: { epoch: 2 } } });
  });
});

/** experience.md's table of states: what the message becomes. */
describe("the message becomes the outcome", () => {
  const FINAL: readonly NoticeType[] = [
    "EXECUTED",
    "EXECUTION_FAILED",
    "EXECUTION_UNKNOWN",
    "REJECTED",
    "TAMPERED",
    "LOCKED",
    "EXPIRED",
    "CANCELLED",
  ];
  test.each(FINAL)("%s, in the chat that showed it", (type) => {
    const chats = prompted(telegram, matrix);
    chats.becomes(telegram, inChat);
    chats.notify(type, true);
    expect(chats.at(telegram)).toMatchObject({
      wish: 2,
      state: "QUEUED",
      providerId: "m1",
      wanted: { phase: "outcome", notice: { type }, showsLines: true },
    });
    expect(chats.at(matrix)).toBeUndefined();
  });

  test.each([
    ["CONFIRMED", false],
    ["EXECUTING", true],
  ] as const)("%s is told where messages can be replaced, not by mail", (type, final) => {
    for (const [link, phase] of [
      [telegram, "outcome"],
      [matrix, "outcome"],
      [mail, "full"],
    ] as const) {
      const chats = prompted(link);
      chats.becomes(link, inChat);
      chats.notify(type, final);
      expect(chats.at(link)?.wanted.phase).toBe(phase);
    }
  });

  test("a code that still waits for its mail is not sent after the confirmation", () => {
    const chats = prompted(mail);
    chats.becomes(mail, { state: "UNKNOWN", mayHoldCode: true });
    chats.notify("CONFIRMED", false);
    expect(chats.at(mail)).toMatchObject({ state: "UNKNOWN", retryAt: undefined });
  });

  test("a wrong code leaves the code in the message; mail is not sent anew", () => {
    const notice: Notice = { type: "WRONG_CODE", at: NOW, triesLeft: 2 };
    for (const [link, wish] of [
      [telegram, 2],
      [mail, 1],
    ] as const) {
      const chats = prompted(link);
      chats.becomes(link, inChat);
      chats.step([{ type: "notify", notice, final: false }]);
      expect(chats.at(link)).toMatchObject({ wish, wanted: { phase: "full", issue: { n: 1 } } });
      expect(chats.at(link)?.wanted.notice).toEqual(wish === 2 ? notice : undefined);
    }
  });

  test.each([
    ["EXPIRED", "expired"],
    ["REJECTED", "vetoed"],
    ["CANCELLED", "cancelled"],
    ["CONFIRMED", "superseded"],
  ] as const)("%s withdraws what no chat has shown: %s", (type, reason) => {
    const chats = prompted(telegram);
    chats.notify(type, true);
    expect(chats.at(telegram)).toMatchObject({ state: "WITHDRAWN", reason, retryAt: undefined });
  });

  test("what is in flight is replaced, and stays known as possibly holding the code", () => {
    const chats = prompted(telegram);
    chats.becomes(telegram, { state: "SENDING", providerId: "m1" });
    chats.notify("EXPIRED", true);
    expect(chats.at(telegram)).toMatchObject({ state: "QUEUED", mayHoldCode: true, wanted: { phase: "outcome" } });
  });

  test("confirmed and executed in one step ends as executed", () => {
    const chats = prompted(telegram);
    chats.becomes(telegram, inChat);
    chats.step([
      { type: "notify", notice: { type: "CONFIRMED", at: NOW }, final: false },
      { type: "notify", notice: { type: "EXECUTED", at: NOW }, final: true },
    ]);
    expect(chats.at(telegram)).toMatchObject({ wish: 3, wanted: { notice: { type: "EXECUTED" } } });
  });

  test.each(["A", "B", "C"] as const)("mode %s: lines only where the mode has the chat show them", (mode) => {
    const chats = new Chats(aTransaction({ mode }), telegram);
    chats.step(created);
    chats.becomes(telegram, inChat);
    chats.notify("TAMPERED", true);
    expect(chats.at(telegram)?.wanted).toMatchObject({ showsLines: mode !== "A" });
  });
});

function alarmShowsLines(mode: "A" | "B" | "C"): unknown[] {
  const chats = new Chats(aTransaction({ mode, policy: aPolicy({ channels: ["telegram"] }) }), telegram, matrix);
  chats.step([{ type: "alert", notice: { type: "TAMPERED", at: NOW } }]);
  return chats.alerts.map(({ wanted }) => wanted.phase === "alert" && wanted.showsLines);
}

describe("alerts", () => {
  const alarm: readonly Effect[] = [{ type: "alert", notice: { type: "TAMPERED", at: NOW } }];

  test("TAMPERED goes to every linked channel, paused and held ones too", () => {
    const all = [telegram, matrix, aLink("p", { unanswered: 10, heldUntil: NOW + 1 }), aLink("d", { state: "DEAD" })];
    const chats = new Chats(aTransaction(), ...all);
    chats.step(alarm);
    expect(chats.alerts.map(({ linkId }) => linkId)).toEqual(all.slice(0, 3).map(({ linkId }) => linkId));
    expect(new Set(chats.alerts.map(({ deliveryId }) => deliveryId)).size).toBe(3);
  });

  test("its lines stand only where mode and policy let a chat show them", () => {
    expect([alarmShowsLines("A"), alarmShowsLines("B"), alarmShowsLines("C")]).toEqual([
      [false, false],
      [true, false],
      [true, false],
    ]);
  });

  test("a freeze shows no lines, and leaves the prompt's own outcome alone", () => {
    const chats = prompted(telegram);
    chats.becomes(telegram, inChat);
    const rejected: Notice = { type: "REJECTED", at: NOW, rejectReason: RejectReason.NOT_ME };
    chats.step([
      { type: "notify", notice: rejected, final: true },
      { type: "alert", notice: { type: "FROZEN", at: NOW } },
    ]);
    expect(chats.at(telegram)?.wanted).toMatchObject({ phase: "outcome", notice: rejected });
    expect(chats.alerts).toMatchObject([{ type: "alert", wanted: { notice: { type: "FROZEN" }, showsLines: false } }]);
  });

  test("alerts of two steps are two messages", () => {
    const chats = new Chats(aTransaction(), telegram);
    chats.step(alarm);
    chats.step(alarm, { version: 2 });
    expect(new Set(chats.alerts.map(({ deliveryId }) => deliveryId)).size).toBe(2);
  });
});

describe("unanswered prompts", () => {
  test.each(["CONFIRMED", "REJECTED", "WRONG_CODE", "TAMPERED", "LOCKED"] as const)("%s is an answer", (type) => {
    const chats = prompted(telegram);
    chats.becomes(telegram, inChat);
    chats.notify(type, true);
    expect(chats.link(telegram)?.unanswered).toBe(0);
  });

  test.each(["EXPIRED", "CANCELLED", "UNDELIVERABLE"] as const)("%s is none", (type) => {
    const chats = prompted(telegram);
    chats.becomes(telegram, inChat);
    chats.notify(type, true);
    expect(chats.link(telegram)?.unanswered).toBe(1);
  });

  test("check 18: a thaw ends every pause", () => {
    const chats = new Chats(aTransaction(), aLink("a", { unanswered: 10 }), aLink("b", { unanswered: 3 }));
    chats.step([{ type: "act", action: { type: "thaw" } }]);
    expect(chats.links.map(({ body }) => body?.unanswered)).toEqual([0, 0]);
  });
});

test("a LINK that ended without the key leaves a failed link", () => {
  const claiming = aLink("new", { state: "CLAIMED" });
  const action = { type: "link", linkId: claiming.linkId } as const;
  for (const type of ["REJECTED", "EXPIRED", "LOCKED", "CANCELLED", "TAMPERED", "UNDELIVERABLE"] as const) {
    const chats = new Chats(aTransaction({ kind: Kind.LINK, action }), claiming);
    chats.notify(type, true);
    expect(chats.link(claiming)).toMatchObject({ state: "FAILED", failure: type });
  }
});

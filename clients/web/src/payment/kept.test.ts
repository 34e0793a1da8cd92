import { beforeEach, describe, expect, test } from "@jest/globals";
import { readTyped } from "../details/typed-order.ts";
import { endingIn, forget, keep, keepEnding, type Kept, keptIn } from "./kept.ts";
import type { Order } from "./order.ts";
import { newPayment, type Payment } from "./payment.ts";

/** As sessionStorage. */
class TabStorage implements Storage {
  readonly #kept = new Map<string, string>();
  get length(): number {
    return this.#kept.size;
  }
  key(index: number): string | null {
    return [...this.#kept.keys()][index] ?? null;
  }
  getItem(name: string): string | null {
    return this.#kept.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.#kept.set(name, value);
  }
  removeItem(name: string): void {
    this.#kept.delete(name);
  }
  clear(): void {
    this.#kept.clear();
  }
  get all(): string {
    return JSON.stringify([...this.#kept]);
  }
}

const TOKEN = "cs_conf_secret";
let tab: TabStorage;
beforeEach(() => {
  tab = new TabStorage();
});

function order(): Order {
  const read = readTyped({
    ...{ payee: "Müller GmbH", account: "DE89370400440532013000", currency: "EUR", amount: "1250.00" },
    reference: "Invoice 7",
  });
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return read.order;
}

function kept(more: Partial<Kept> = {}): Kept {
  return {
    ...{ user: "anna", order: order(), requestId: "r1", way: "daemon", repeatOf: undefined, deviceId: "usb-1" },
    ...{ takesCode: false, confirmationToken: TOKEN, ...more },
  };
}

function ended(outcome: Payment["outcome"]): Payment {
  return { ...newPayment(kept()), tag: "amber falcon", until: 5, outcome };
}

describe("a payment that runs", () => {
  test("comes back as it was, amounts and digest of a file as well", () => {
    const given = kept({
      order: { ...order(), payload: new Uint8Array(32).fill(255) },
      repeatOf: "t0",
      takesCode: true,
    });
    keep(given, tab);
    const found = keptIn(tab, "anna");
    expect(found).toMatchObject({ requestId: "r1", repeatOf: "t0", takesCode: true, confirmationToken: TOKEN });
    expect(found?.order.fields).toEqual(given.order.fields);
    expect(found?.order.payload).toEqual(given.order.payload);
  });

  test("its lines are made anew from its fields: lines that somebody wrote into the storage are not shown", () => {
    keep({ ...kept(), order: { ...order(), lines: [] } }, tab);
    expect(keptIn(tab, "anna")?.order.lines).toEqual(order().lines);
  });

  test("is nothing for whoever logs in after its user", () => {
    keep(kept(), tab);
    expect(keptIn(tab, "bert")).toBeUndefined();
    expect(keptIn(tab, "")).toBeUndefined();
  });

  test.each([
    ...["", "{", "null", "7", "[]", "{}", '{"user":"anna"}', '{"user":"anna","requestId":"r","way":"post"}'],
    ...['{"user":"anna","requestId":"r","way":"daemon"}', '{"user":"anna","requestId":"r","way":"daemon","order":{}}'],
    '{"user":"anna","requestId":"r","way":"daemon","order":{"fields":[{"label":1,"value":{"type":"x"}}]}}',
  ])("what this page did not write counts as nothing: %s", (text) => {
    tab.setItem("countersign.payment", text);
    tab.setItem("countersign.ended", text);
    expect([keptIn(tab, "anna"), endingIn(tab, "anna")]).toEqual([undefined, undefined]);
  });
});

describe("a payment that is over", () => {
  test("stands in the place of what ran: no token is left", () => {
    keep(kept(), tab);
    keepEnding(ended({ state: "ENDED" }), "anna", tab);
    expect(tab.all).not.toContain(TOKEN);
    expect(keptIn(tab, "anna")).toBeUndefined();
    expect(endingIn(tab, "anna")).toMatchObject({ tag: "amber falcon", outcome: { state: "ENDED" }, until: 5 });
  });

  test("its receipt keeps its bytes", () => {
    const receipt = { json: Uint8Array.of(123, 125), name: "7F3A-91C2" };
    keepEnding(ended({ state: "EXECUTED", receipt }), "anna", tab);
    expect(endingIn(tab, "anna")?.outcome).toEqual({ state: "EXECUTED", receipt });
  });

  test("is not shown to whoever logs in after its user", () => {
    keepEnding(ended({ state: "ENDED" }), "anna", tab);
    expect(endingIn(tab, "bert")).toBeUndefined();
  });

  test("forgotten, nothing of it is left", () => {
    keep(kept(), tab);
    keepEnding(ended({ state: "ENDED" }), "anna", tab);
    forget(tab);
    expect(tab.length).toBe(0);
  });
});

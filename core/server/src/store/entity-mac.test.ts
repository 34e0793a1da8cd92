import { createHmac } from "node:crypto";
import { expect, test } from "@jest/globals";
import { hmacSha256, macKey, toHex, utf8 } from "@countersign/protocol";
import { EntityMac } from "./entity-mac.ts";
import type { EntityKey } from "./entity.ts";

const storeKey = macKey(new Uint8Array(32).fill(7));
const mac = new EntityMac(storeKey);
const key: EntityKey = { type: "user", tenant: "00".repeat(16), id: "Müller" };

// By Node's own HMAC, from the words of docs/protocol/store.md section 3.
function expected(head: string, body: string): string {
  const derived = hmacSha256(storeKey, utf8("countersign/entity-key/v1\0"));
  return createHmac("sha256", derived).update(`countersign/entity/v1\0${head}\n${body}`).digest("hex");
}

test("is the HMAC that the page describes", () => {
  const head = `[7,"user","${"00".repeat(16)}","Müller",3,"ann",null,12,null]`;
  expect(toHex(mac.of(7, key, 3, { owner: "ann", due: 12 }, '{"a":1}'))).toBe(expected(head, '{"a":1}'));
});

test("bodies of every length, larger after smaller and back", () => {
  for (const length of [0, 1, 63, 64, 1000, 100_000, 5]) {
    const body = "漢".repeat(length);
    const head = `[7,"user","${"00".repeat(16)}","Müller",3,null,null,null,null]`;
    expect(toHex(mac.of(7, key, 3, {}, body))).toBe(expected(head, body));
  }
});

test("every part of an entity's place is under it", () => {
  const macs = [
    mac.of(7, key, 3, {}, "{}"),
    mac.of(8, key, 3, {}, "{}"),
    mac.of(7, { ...key, type: "key" }, 3, {}, "{}"),
    mac.of(7, { ...key, tenant: "" }, 3, {}, "{}"),
    mac.of(7, { ...key, id: "Muller" }, 3, {}, "{}"),
    mac.of(7, key, 4, {}, "{}"),
    mac.of(7, key, 3, { owner: "" }, "{}"),
    mac.of(7, key, 3, { lane: "" }, "{}"),
    mac.of(7, key, 3, { sort: 0 }, "{}"),
    mac.of(7, key, 3, { due: 0 }, "{}"),
    mac.of(7, key, 3, {}, "{} "),
    new EntityMac(macKey(new Uint8Array(32))).of(7, key, 3, {}, "{}"),
  ];
  expect(new Set(macs.map(toHex)).size).toBe(macs.length);
});

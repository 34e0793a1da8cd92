import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromHex, hmacSha256, macKey, toHex, utf8 } from "@countersign/protocol";
import { decodeBody, encodeBody } from "./body-codec.ts";
import { nameOf } from "./change-set.ts";
import { EntityMac } from "./entity-mac.ts";
import type { EntityKey } from "./entity.ts";
import { placeOf, type Place } from "./witness-table.ts";

interface Vector extends EntityKey {
  readonly storeKey: string;
  readonly shard: number;
  readonly version: number;
  readonly index: { readonly owner: string; readonly sort: number; readonly due: number };
  readonly body: string;
  readonly mac: string;
  readonly place: Place;
}

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

test("the worked example of the page", () => {
  const { index, ...vector } = JSON.parse(
    readFileSync(new URL("../../vectors/store.json", import.meta.url), "utf8"),
  ) as Vector;
  const { owner, sort, due } = index;
  const made = new EntityMac(macKey(fromHex(vector.storeKey))).of(
    vector.shard,
    vector,
    vector.version,
    { owner, sort, due },
    vector.body,
  );
  expect(toHex(made)).toBe(vector.mac);
  expect(encodeBody(decodeBody(vector.body))).toBe(vector.body);
  const secret = toHex(hmacSha256(macKey(fromHex(vector.storeKey)), utf8("countersign/witness-places/v1\0")));
  expect(placeOf(secret, nameOf(vector))).toEqual(vector.place);
});

test("is over what JSON.stringify makes of the place, whatever stands in it", () => {
  const text = fc.string({ unit: "binary" });
  const index = fc.record(
    { owner: text, sort: fc.maxSafeInteger(), due: fc.maxSafeInteger(), lane: text },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(text, text, fc.maxSafeNat(), index, text, (tenant, id, version, at, body) => {
      const { owner = null, sort = null, due = null, lane = null } = at;
      const head = JSON.stringify([7, "user", tenant, id, version, owner, sort, due, lane]);
      expect(toHex(mac.of(7, { type: "user", tenant, id }, version, at, body))).toBe(expected(head, body));
    }),
  );
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

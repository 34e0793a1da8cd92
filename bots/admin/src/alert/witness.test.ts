import { AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";
import { expect, test } from "@jest/globals";
import { Witness, type WitnessState } from "./witness.ts";

const told = (shard: number, seq: number, hash: string, more: Partial<AuditEvent> = {}): AuditEvent =>
  AuditEvent.create({
    shard,
    seq: BigInt(seq),
    entryHash: Buffer.from(hash, "hex"),
    event: "change.requested",
    ...more,
  });

test("an event is new once, over a restart too; the second of one entry is another", () => {
  const witness = new Witness();
  expect(witness.hear(told(7, 3, "aa"))).toBe("new");
  expect(witness.hear(told(7, 3, "aa", { index: 1 }))).toBe("new");
  expect(witness.hear(told(8, 1, "bb"))).toBe("new");
  const later = new Witness(JSON.parse(JSON.stringify(witness.state)) as WitnessState);
  expect(later.hear(told(7, 3, "aa"))).toBe("again");
  expect(later.hear(told(7, 3, "aa", { index: 1 }))).toBe("again");
  expect(later.hear(told(7, 5, "cc"))).toBe("new");
});

test("an entry with another hash than it had is an altered chain, told once, and what follows is new", () => {
  const witness = new Witness();
  for (const [seq, hash] of [
    [1, "a1"],
    [2, "a2"],
    [3, "a3"],
  ] as const)
    witness.hear(told(7, seq, hash));
  expect(witness.hear(told(7, 2, "ff"))).toBe("altered");
  expect(witness.hear(told(7, 2, "ff"))).toBe("again");
  expect(witness.hear(told(7, 3, "fe"))).toBe("new");
  expect(witness.hear(told(8, 2, "ff"))).toBe("new");
});

test("an epoch that begins before the end that was told is a lost tail; one that begins after it is nothing", () => {
  const witness = new Witness();
  witness.hear(told(7, 9, "a9"));
  expect(witness.hear(told(7, 8, "b8", { event: "shard.epoch-began" }))).toBe("set-back");
  expect(witness.hear(told(7, 9, "b9"))).toBe("new");
  expect(witness.hear(told(7, 10, "ba", { event: "shard.epoch-began" }))).toBe("new");
});

test("what it keeps is bounded", () => {
  const witness = new Witness();
  for (let seq = 1; seq <= 6000; seq++) witness.hear(told(seq % 1024, Math.ceil(seq / 1024), "aa"));
  expect(witness.kept).toBe(4096);
});

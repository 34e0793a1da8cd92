import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { fromHex, macKey, sha256, toHex, utf8, concatBytes } from "@countersign/protocol";
import { GENESIS } from "./audit-entry.ts";
import { ChainHeads, macOfRoot, NODES, nodeOf } from "./chain-heads.ts";

interface Vectors {
  readonly root: Readonly<Record<"root" | "emptyRoot" | "hash", string>> &
    Readonly<Record<"shard" | "epoch" | "seq", number>>;
  readonly rootMac: { readonly storeKey: string; readonly generation: number; readonly mac: string };
}
const { root, rootMac } = JSON.parse(
  readFileSync(new URL("../../vectors/audit.json", import.meta.url), "utf8"),
) as Vectors;
const head = { epoch: root.epoch, seq: root.seq, hash: fromHex(root.hash) };

test("root and MAC as in the vectors", () => {
  const heads = new ChainHeads();
  expect(toHex(heads.root())).toBe(root.emptyRoot);
  heads.set(root.shard, head);
  expect(toHex(heads.root())).toBe(root.root);
  expect(toHex(macOfRoot(macKey(fromHex(rootMac.storeKey)), rootMac.generation, heads.root()))).toBe(rootMac.mac);
});

test("the root is the one that the page describes", () => {
  const empty = new Uint8Array(32 * 44);
  const first = new Uint8Array(32 * 44);
  const view = new DataView(first.buffer);
  view.setUint32(7 * 44, head.epoch);
  view.setUint32(7 * 44 + 8, head.seq); // low half of the u64
  first.set(head.hash, 7 * 44 + 12);
  const nodes = Array.from({ length: NODES }, (_, node) =>
    sha256(utf8("countersign/audit-node/v1\0"), Uint8Array.of(node), node === 0 ? first : empty),
  );
  expect(toHex(sha256(utf8("countersign/audit-root/v1\0"), concatBytes(...nodes)))).toBe(root.root);
});

test("every head counts, and setting it back restores the root", () => {
  const heads = new ChainHeads();
  const seen = new Set([toHex(heads.root())]);
  for (const shard of [0, 31, 32, 1023]) {
    heads.set(shard, head);
    seen.add(toHex(heads.root()));
    expect(heads.get(shard)).toEqual(head);
  }
  expect(seen.size).toBe(5);
  for (const shard of [0, 31, 32, 1023]) heads.set(shard, { epoch: 0, seq: 0, hash: GENESIS });
  expect(toHex(heads.root())).toBe(root.emptyRoot);
});

test("nodes survive being stored; another form is refused", () => {
  const heads = new ChainHeads();
  heads.set(40, head);
  const again = new ChainHeads();
  expect(again.setNode(nodeOf(40), heads.node(nodeOf(40)))).toBe(true);
  expect(again.root()).toEqual(heads.root());
  for (const bad of [new Uint8Array(3), null, "x"]) expect(again.setNode(0, bad)).toBe(false);
  for (const node of [-1, NODES, 0.5, Number.NaN]) expect(again.setNode(node, heads.node(0))).toBe(false);
  expect(again.root()).toEqual(heads.root());
});

import { describe, expect, test } from "@jest/globals";
import { concatBytes, utf8 } from "@countersign/protocol";
import { CERTIFICATES, LEAF_AAGUID, ROOTS } from "../testing/attestation-certificates.ts";
import type { FidoRoot } from "../policy/policy.ts";
import { findRoot } from "./attestation-path.ts";

const { root, intermediate, leaf, deepLeaf, belowLeaf, forgedLeaf, expiredLeaf } = CERTIFICATES;
const NOW = Date.parse("2026-11-22T14:30:00Z");
const vouching: FidoRoot = { certificate: ROOTS.test };

function found(x5c: readonly Uint8Array[], roots: readonly FidoRoot[] = [vouching], now: number = NOW): boolean {
  return findRoot(x5c, { roots, aaguid: LEAF_AAGUID, now }) !== undefined;
}

describe("threat 06: who vouches for an attestation", () => {
  test.each([
    ["a leaf that the root issued", [leaf], [vouching]],
    ["the root sent along", [leaf, root], [vouching]],
    ["an authority in between", [deepLeaf, intermediate], [vouching]],
    ["the leaf itself, where it is the root", [leaf], [{ certificate: ROOTS.leaf }]],
    ["a root for this model", [leaf], [{ certificate: ROOTS.other }, { ...vouching, aaguid: LEAF_AAGUID }]],
  ] as const)("threat 06: %s", (_name, x5c, roots) => {
    expect(found(x5c, roots)).toBe(true);
  });

  test.each([
    ["no certificate", [], [vouching]],
    ["no root", [leaf], []],
    ["another root", [leaf], [{ certificate: ROOTS.other }]],
    ["a root for another model", [leaf], [{ ...vouching, aaguid: "99999999-3333-4444-5555-666677778888" }]],
    ["an authority left out", [deepLeaf], [vouching]],
    ["authorities in the wrong order", [intermediate, deepLeaf], [vouching]],
    ["a certificate below a leaf, which is no authority", [belowLeaf, leaf], [vouching]],
    ["a signature that the root did not make", [forgedLeaf], [vouching]],
    ["a stranger's certificate before the leaf", [belowLeaf, deepLeaf, intermediate], [vouching]],
    ["a leaf that is no certificate", [Uint8Array.of(0x30, 0)], [vouching]],
    ["a leaf with a byte behind it", [concatBytes(leaf, Uint8Array.of(0))], [vouching]],
    ["a leaf as text", [utf8(ROOTS.leaf)], [vouching]],
    ["a leaf as text before a stranger's", [concatBytes(utf8(`${ROOTS.leaf}\n`), belowLeaf)], [vouching]],
    ["a leaf as text behind a stranger's", [concatBytes(belowLeaf, utf8(`\n${ROOTS.leaf}`))], [vouching]],
    ["a leaf past its time", [expiredLeaf], [vouching]],
    ["more than any key sends", [leaf, root, root, root, root, root, root], [vouching]],
  ] as const)("threat 06: not %s", (_name, x5c, roots) => {
    expect(found(x5c, roots)).toBe(false);
  });

  test("threat 06: not before or after its time, by the store's clock", () => {
    expect(found([leaf], [vouching], Date.parse("2019-12-31T00:00:00Z"))).toBe(false);
    expect(found([leaf], [vouching], Date.parse("2099-01-02T00:00:00Z"))).toBe(false);
  });
});

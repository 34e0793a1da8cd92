import { describe, expect, test } from "@jest/globals";
import { hmacSha256, macKey, utf8, type MacKey } from "@countersign/protocol";
import { RefusalError } from "../rpc/refusal-of-error.ts";
import { shardOfTransaction } from "../store/entity.ts";
import { codeKeyOf, idPrefix, requireCodeKey, type CodeKeys } from "./code-key.ts";

const key = (fill: number): MacKey => macKey(new Uint8Array(32).fill(fill));
const first: CodeKeys = { code: key(1) };
/** An installation whose keys have these numbers. */
function keys(inUse: number, ...known: readonly number[]): CodeKeys {
  return { code: key(inUse), codeKeys: { inUse, known: new Map(known.map((number) => [number, key(number)])) } };
}
const idOf = (shard: number, of: CodeKeys): string => idPrefix(shard, of) + "0".repeat(28);
const seen = (of: MacKey): Uint8Array => hmacSha256(of, utf8("x"));

function judges(mine: CodeKeys, txId: string): boolean {
  try {
    requireCodeKey(mine, txId);
    return true;
  } catch (error) {
    if (error instanceof RefusalError && error.refusal.refused === "UNAVAILABLE") return false;
    throw error;
  }
}

describe("the id of a transaction", () => {
  test.each([0, 7, 1023])("says its shard %d whatever the key", (shard) => {
    for (const each of [first, keys(1, 1), keys(2, 1, 2), keys(64, 64), keys(65, 65)])
      expect(shardOfTransaction(idOf(shard, each))).toBe(shard);
  });

  test("of the first key is what it was before keys had numbers", () => {
    expect(idPrefix(7, first)).toBe("0007");
    expect(idPrefix(7, keys(1, 1, 2))).toBe("0007");
    expect(idPrefix(7, keys(2, 1, 2))).toBe("0407");
  });

  test("names its key, before and after an exchange, also when numbers come round", () => {
    expect(seen(codeKeyOf(keys(2, 1, 2), idOf(7, first)))).toEqual(seen(key(1)));
    expect(seen(codeKeyOf(keys(2, 1, 2), idOf(7, keys(2, 1, 2))))).toEqual(seen(key(2)));
    expect(seen(codeKeyOf(keys(65, 64, 65), idOf(7, keys(65, 65))))).toEqual(seen(key(65)));
    expect(seen(codeKeyOf(first, idOf(7, first)))).toEqual(seen(key(1)));
  });

  test("of a key that is gone goes by the one in use", () => {
    expect(seen(codeKeyOf(keys(3, 3), idOf(7, first)))).toEqual(seen(key(3)));
  });
});

describe("a core without a newer key", () => {
  test.each([
    [first, keys(2, 1, 2), false],
    [keys(2, 1, 2), keys(3, 3), false],
    [keys(2, 1, 2), first, true],
    [keys(1, 1, 2), keys(2, 2), true],
    [keys(3, 3), first, true],
    [keys(64, 64), keys(65, 65), false],
  ] as const)("%# judges only what it can", (mine, theirs, can) => {
    expect(judges(mine, idOf(7, theirs))).toBe(can);
  });
});

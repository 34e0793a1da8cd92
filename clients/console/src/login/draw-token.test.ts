import { sha256, utf8 } from "@countersign/protocol";
import { expect, test } from "@jest/globals";
import { drawToken } from "./draw-token.ts";

test("the token has all 256 bits, the core gets its hash, and key and page the same sixteen digits of that", () => {
  const drawn = drawToken(new Uint8Array(32).fill(0xff));
  expect(drawn.token).toBe(`cs_admin_${"_".repeat(42)}8`);
  expect(drawn.hash).toEqual(sha256(utf8(drawn.token)));
  expect(drawn.fingerprint).toMatch(/^([0-9A-F]{4}-){3}[0-9A-F]{4}$/);
  expect(drawToken(new Uint8Array(32)).fingerprint).not.toBe(drawn.fingerprint);
});

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { toHex } from "./bytes.ts";
import * as browser from "./platform-browser.ts";
import * as node from "./platform-node.ts";
import type { Platform } from "./platform.ts";
import { derOf, flipped, otherSignature, vectorKey } from "./vector/fixture.ts";

// Both files must offer the same functions; the compiler checks it here.
const platforms: readonly Platform[] = [node, browser];

/** What each platform answers, one entry for all that agree. */
function answers(compute: (platform: Platform) => unknown): Set<unknown> {
  const answer = (platform: Platform): unknown => {
    try {
      return compute(platform);
    } catch {
      return "throws";
    }
  };
  return new Set(platforms.map(answer));
}

test("SHA-256 and HMAC give equal results on both platforms, in parts or in one piece", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(bytes, fc.array(bytes, { maxLength: 3 }), (secret, parts) => {
      expect(answers((platform) => toHex(platform.sha256(...parts))).size).toBe(1);
      expect(answers((platform) => toHex(platform.hmacSha256(platform.macKey(secret), ...parts))).size).toBe(1);
    }),
  );
});

test("a key used twice gives the same MAC: no state is kept", () => {
  for (const platform of platforms) {
    const key = platform.macKey(new Uint8Array(32));
    const once = toHex(platform.hmacSha256(key, Uint8Array.of(1)));
    expect(toHex(platform.hmacSha256(key, Uint8Array.of(1)))).toBe(once);
  }
});

test("both platforms verify the same signatures, high s included", () => {
  const { publicKey, sign } = vectorKey(9);
  const [x, y] = [publicKey.slice(10, 42), publicKey.slice(45)];
  const message = new TextEncoder().encode("statement");
  const signature = sign(message);
  const cases = [signature, otherSignature(signature), flipped(signature, 5), signature.slice(1), new Uint8Array(64)];
  for (const one of cases) {
    expect(answers((platform) => platform.verifyEs256(platform.importPoint(publicKey, x, y), message, one)).size).toBe(
      1,
    );
  }
  expect(node.verifyEs256(node.importPoint(publicKey, x, y), message, otherSignature(signature))).toBe(true);
  // Of every 256 signatures one has an r or s that begins with a zero byte, and every other one with a high bit.
  const key = node.importPoint(publicKey, x, y);
  const made = Array.from({ length: 400 }, (_, i) => Uint8Array.of(i & 255, i >> 8)).map(
    (one) => [one, sign(one)] as const,
  );
  expect(made.some(([, one]) => one[0] === 0) && made.some(([, one]) => one[32] === 0)).toBe(true);
  for (const [one, signed] of made) expect(node.verifyEs256(key, one, signed)).toBe(true);
  for (const [badX, badY] of [
    [flipped(x, 0), y],
    [x, flipped(y, 31)],
    [new Uint8Array(32), new Uint8Array(32)],
  ] as const) {
    expect(answers((platform) => platform.importPoint(publicKey, badX, badY).type)).toEqual(new Set(["throws"]));
  }
});

test("keys of one platform are refused by the other, and print as their names", () => {
  const key = node.macKey(new Uint8Array([1, 2, 3]));
  expect(() => browser.hmacSha256(key)).toThrow(TypeError);
  for (const platform of platforms) expect(JSON.stringify(platform.macKey(Uint8Array.of(7)))).toBe('"[mac key]"');
});

test("both platforms verify the same signatures in DER, and no others", () => {
  const { publicKey, sign } = vectorKey(9);
  const [x, y] = [publicKey.slice(10, 42), publicKey.slice(45)];
  const message = new TextEncoder().encode("authenticator data");
  const [signature, other] = [derOf(sign(message)), derOf(otherSignature(sign(message)))];
  const holds = (platform: Platform, one: Uint8Array): boolean =>
    platform.verifyEs256Der(platform.importPoint(publicKey, x, y), message, one);
  for (const platform of platforms) expect([holds(platform, signature), holds(platform, other)]).toEqual([true, true]);
  const wrong: Uint8Array[] = [sign(message), new Uint8Array(), new Uint8Array(73), Uint8Array.of(...signature, 0)];
  for (let at = 0; at < signature.length; at++) wrong.push(flipped(signature, at), signature.slice(0, at));
  for (const one of wrong) expect(platforms.map((platform) => holds(platform, one))).toEqual([false, false]);
});

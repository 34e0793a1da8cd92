import { expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import fc from "fast-check";
import { derivedToken, newToken, openDerivedToken, tokenId } from "./token.ts";

const secrets = { token: macKey(new Uint8Array(32).fill(7)) };
const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex"));

test("a derived token names its id, the same each time", () => {
  fc.assert(
    fc.property(id, (txId) => {
      const token = derivedToken(secrets, "confirmation", txId);
      expect(token).toMatch(/^cs_conf_[A-Za-z0-9_-]{54}$/);
      expect(derivedToken(secrets, "confirmation", txId)).toBe(token);
      expect(openDerivedToken(secrets, "confirmation", token)).toBe(txId);
    }),
  );
});

test("another purpose, another key, another character: nothing", () => {
  const token = derivedToken(secrets, "confirmation", "ab".repeat(16));
  const grant = derivedToken(secrets, "grant", "ab".repeat(16));
  expect(openDerivedToken(secrets, "grant", token)).toBeUndefined();
  expect(openDerivedToken(secrets, "confirmation", grant.replace("cs_grant_", "cs_conf_"))).toBeUndefined();
  const others = { token: macKey(new Uint8Array(32).fill(8)) };
  expect(openDerivedToken(others, "confirmation", token)).toBeUndefined();
  for (let i = "cs_conf_".length; i < token.length; i++) {
    const changed = token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
    expect(openDerivedToken(secrets, "confirmation", changed)).toBeUndefined();
  }
});

test("one spelling only", () => {
  const token = derivedToken(secrets, "confirmation", "ab".repeat(16));
  for (const other of [
    `${token}=`,
    `${token} `,
    `${token}A`,
    token.replace("cs_conf_", "cs_conf_ "),
    token.slice(0, -1),
  ]) {
    expect(openDerivedToken(secrets, "confirmation", other)).toBeUndefined();
  }
});

test("drawn tokens hold 256 bits and are known by their hash", () => {
  const token = newToken("cs_app_", { bytes: (length) => new Uint8Array(length).fill(1) });
  expect(token).toHaveLength("cs_app_".length + 43);
  expect(tokenId(token)).toMatch(/^[0-9a-f]{64}$/);
  expect(tokenId(token)).not.toContain(token.slice(7));
});

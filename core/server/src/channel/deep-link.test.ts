import { expect, test } from "@jest/globals";
import { isDeepLink } from "./deep-link.ts";

test.each([
  ["", true],
  ["https://t.me/AcmeBankBot?start={token}", true],
  ["tg://resolve?domain=AcmeBankBot&start={token}", true],
  ["mailto:bot@example.com?subject={token}", true],
  ["https://t.me/AcmeBankBot", false],
  ["https://t.me/{token}/{token}", false],
  ["https://t.me/ {token}", false],
  ["javascript:alert('{token}')", false],
  ["data:text/html,{token}", false],
  ["{token}", false],
  [`https://t.me/${"a".repeat(512)}{token}`, false],
])("a bot's pattern %j: %s", (pattern, fine) => {
  expect(isDeepLink(pattern, false)).toBe(fine);
});

test("plain http is for the sandbox of a development core", () => {
  expect(isDeepLink("http://127.0.0.1:8700/?start={token}", true)).toBe(true);
  expect(isDeepLink("http://127.0.0.1:8700/?start={token}", false)).toBe(false);
});

import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { drawToken } from "./draw-token.ts";

test("256 random bits behind the prefix; the hash is that of the whole token without the line's end", async () => {
  const [one, other] = [await drawToken("cs_app_"), await drawToken("cs_app_")];
  expect(one.line).toMatch(/^cs_app_[A-Za-z0-9_-]{43}\n$/);
  expect(one.line).not.toBe(other.line);
  const expected = createHash("sha256").update(one.line.trimEnd()).digest("hex");
  expect(Buffer.from(one.sha256).toString("hex")).toBe(expected);
});

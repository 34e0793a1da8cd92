import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { drawToken } from "./draw-token.ts";

test("256 random bits behind the prefix; the hash is that of the whole token without the line's end", () => {
  const { line, sha256 } = drawToken("cs_app_", new Uint8Array(32).fill(0xfb));
  expect(line).toBe(`cs_app_${"-_v7".repeat(10)}-_s\n`);
  expect(Buffer.from(sha256).toString("hex")).toBe(createHash("sha256").update(line.trimEnd()).digest("hex"));
});

import { expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import { pageByName, readPage } from "./page.ts";

const names = Array.from({ length: 45 }, (_, i) => `n${String(i).padStart(2, "0")}`);
const nameOf = (name: string): string => name;

test("pages follow each other without gap or repetition, whatever comes in between", () => {
  const seen: string[] = [];
  let all = names;
  let pageToken = "";
  do {
    const page = pageByName(all, nameOf, { pageSize: 0, pageToken }, ["a"]);
    if (isRefusal(page)) throw new Error(page.message);
    seen.push(...page.items);
    expect(page.items.length).toBeLessThanOrEqual(20);
    ({ nextPageToken: pageToken } = page);
    all = ["m", ...all]; // before the place where the next page begins
  } while (pageToken !== "");
  expect(seen).toEqual(names);
});

test.each([
  ["too large", { pageSize: 101, pageToken: "" }, "page_size"],
  ["no token", { pageSize: 1, pageToken: "garbage" }, "page_token"],
  ["no base64url", { pageSize: 1, pageToken: "\u0000{}" }, "page_token"],
  [
    "of another version",
    { pageSize: 1, pageToken: Buffer.from("a9.0123456789abcdef.x").toString("base64url") },
    "page_token",
  ],
])("%s is refused and named", (_name, asked, field) => {
  const page = readPage(asked, []);
  expect(isRefusal(page) && page.violations?.[0]?.field).toBe(field);
});

test("a token of other filters is refused, and says so", () => {
  const first = readPage({ pageSize: 1, pageToken: "" }, ["apps", 1n]);
  if (isRefusal(first)) throw new Error(first.message);
  const pageToken = first.tokenFor("é\0x");
  const same = readPage({ pageSize: 1, pageToken }, ["apps", 1n]);
  expect(isRefusal(same) ? "" : same.after).toBe("é\0x");
  const other = readPage({ pageSize: 1, pageToken }, ["bots", 1n]);
  expect(isRefusal(other) && other.message).toContain("other filters");
});

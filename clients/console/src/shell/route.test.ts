import { expect, test } from "@jest/globals";
import { formatRoute, parseRoute } from "./route.ts";

test("an address is a page, what of it, and filters; and back again", () => {
  const hash = "#/transactions/3f00?state=PENDING&user=anna";
  const route = parseRoute(hash);
  expect(route).toEqual({ page: "transactions", rest: "3f00", query: { state: "PENDING", user: "anna" } });
  expect(formatRoute(route)).toBe(hash);
});

test.each(["", "#", "#/", "#/nowhere", "#main", "#/__proto__", "#//users"])(
  "%j names no page: the overview",
  (hash) => {
    expect(parseRoute(hash).page).toBe("overview");
  },
);

test("what is not well formed stands as it is, and what is odd comes back whole", () => {
  expect(parseRoute("#/users/%zz").rest).toBe("%zz");
  const odd = { page: "users", rest: "a/b?c#d&e=f ä", query: { q: "x&y=z?#" } } as const;
  expect(parseRoute(formatRoute(odd))).toEqual(odd);
});

test("empty filters are left out", () => {
  expect(formatRoute({ page: "users", query: { state: "", name: "a" } })).toBe("#/users?name=a");
});

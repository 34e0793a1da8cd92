import { describe, expect, test } from "@jest/globals";
import { SESSION_MS, SessionBook } from "./session-book.ts";

const USERS = new Map([
  ["anna", "correct horse"],
  ["bert", "battery staple"],
]);

function secretOf(begun: ReturnType<SessionBook["logIn"]>): string {
  if (begun === undefined || begun === "later") throw new Error(`not logged in: ${String(begun)}`);
  return begun.secret;
}

describe("logging in", () => {
  test("takes a name with its own password alone", () => {
    const book = new SessionBook(USERS);
    expect(book.userOf(secretOf(book.logIn("anna", "correct horse")))).toBe("anna");
    for (const [name, password] of [
      ["anna", "battery staple"],
      ["anna", ""],
      ["anna", "correct horse "],
      ["mallory", "correct horse"],
      ["constructor", ""],
    ] as const) {
      expect(book.logIn(name, password)).toBeUndefined();
    }
  });

  test("five wrong passwords in a minute: the right one waits as well, for this name alone", () => {
    let now = 0;
    const book = new SessionBook(USERS, () => now);
    for (let tries = 0; tries < 5; tries += 1) expect(book.logIn("anna", "guess")).toBeUndefined();
    expect(book.logIn("anna", "correct horse")).toBe("later");
    expect(secretOf(book.logIn("bert", "battery staple"))).not.toBe("");
    now = 60_000;
    expect(secretOf(book.logIn("anna", "correct horse"))).not.toBe("");
  });

  test("names that nobody has are not remembered, however often they are tried", () => {
    const book = new SessionBook(USERS);
    for (let tries = 0; tries < 50; tries += 1) expect(book.logIn("nobody", "guess")).toBeUndefined();
  });
});

describe("a session", () => {
  test("has a secret of its own each time, and is of nobody for any other", () => {
    const book = new SessionBook(USERS);
    const secrets = [1, 2].map(() => secretOf(book.logIn("anna", "correct horse")));
    expect(new Set(secrets).size).toBe(2);
    for (const secret of secrets) expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    expect(["", "x", secrets.join("")].map((each) => book.userOf(each))).toEqual([undefined, undefined, undefined]);
  });

  test("ends by logging out, alone, and with its hour", () => {
    let now = 0;
    const book = new SessionBook(USERS, () => now);
    const [first, second] = [1, 2].map(() => secretOf(book.logIn("anna", "correct horse"))) as [string, string];
    book.logOut(first);
    expect([book.userOf(first), book.userOf(second)]).toEqual([undefined, "anna"]);
    now = SESSION_MS - 1;
    expect(book.userOf(second)).toBe("anna");
    now = SESSION_MS;
    expect(book.userOf(second)).toBeUndefined();
  });
});

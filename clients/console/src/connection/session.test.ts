import { expect, test } from "@jest/globals";
import { beginSession, endSession, resumeSession, session, sessionEnd } from "./session.ts";

/** sessionStorage of one tab. */
function tab(kept: Record<string, string> = {}): Storage {
  const held = new Map(Object.entries(kept));
  return {
    getItem: (name: string) => held.get(name) ?? null,
    setItem: (name: string, value: string) => void held.set(name, value),
    removeItem: (name: string) => void held.delete(name),
  } as unknown as Storage;
}

test("a tab keeps its session over a reload, and forgets it when it ends", () => {
  const storage = tab();
  beginSession({ adminId: "anna", token: "cs_admin_x", until: 1_000 }, storage);
  resumeSession(storage);
  expect(session.value).toEqual({ adminId: "anna", token: "cs_admin_x", until: 1_000 });
  endSession("left", storage, 0);
  expect([session.value, sessionEnd.value]).toEqual([undefined, "left"]);
  resumeSession(storage);
  expect(session.value).toBeUndefined();
});

test.each([
  ["left", 1_000, 2_000, "left"],
  ["idle", 1_000, 2_000, "idle"],
  ["refused", 1_000, 999, "ended"],
  ["refused", 1_000, 1_000, "expired"],
  ["refused", undefined, 5_000, "ended"],
] as const)("ended by %s with an end at %s, at %s: it is said to have %s", (why, until, now, said) => {
  const storage = tab();
  beginSession({ adminId: "anna", token: "t", until }, storage);
  expect(sessionEnd.value).toBeUndefined();
  endSession(why, storage, now);
  expect(sessionEnd.value).toBe(said);
});

test.each(["", "null", "{}", '{"adminId":1,"token":"x"}', "[", '{"token":"x"}'])(
  "%s in the storage is no session",
  (text) => {
    resumeSession(tab({ "countersign.session": text }));
    expect(session.value).toBeUndefined();
  },
);

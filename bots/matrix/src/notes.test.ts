import { statSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { beforeEach, expect, test } from "@jest/globals";
import { Notes } from "./notes.ts";

const folder = tempFolder();
let at = 0;
let path = "";

beforeEach(() => {
  at += 1;
  path = join(folder, `notes-${at}.sqlite`);
});

function reopened(notes: Notes): Notes {
  notes.close();
  return Notes.open(path);
}

test("what is noted is there after a restart, in a file for the bot alone", () => {
  let notes = Notes.open(path);
  notes.keepButtons("$p", "!r", ["n.a", "w.a"]);
  notes.handled("!r", "$1");
  notes.handled("!r", "$2");
  notes.keepIdentity("@a:x", "key");
  notes = reopened(notes);
  expect(notes.buttons("$p", "!r")).toEqual(["n.a", "w.a"]);
  expect(notes.buttons("$p", "!other")).toEqual([]);
  expect(notes.handledUpTo("!r")).toBe("$2");
  expect(notes.identityOf("@a:x")).toBe("key");
  expect(notes.identityOf("@b:x")).toBe("");
  expect(statSync(path).mode & 0o077).toBe(0);
  notes.close();
});

test("a person's room is where he wrote last; a room that was left is forgotten", () => {
  const notes = Notes.open(path);
  notes.keepChat("!one", "@a:x");
  notes.keepChat("!two", "@a:x");
  expect(notes.roomOf("@a:x")).toBe("!two");
  notes.keepChat("!one", "@a:x");
  expect(notes.roomOf("@a:x")).toBe("!one");
  notes.forgetRoom("!one");
  expect(notes.roomOf("@a:x")).toBe("!two");
  expect(notes.peerIn("!one")).toBeUndefined();
  expect(notes.rooms()).toEqual(["!two"]);
  notes.close();
});

test("a write stays in the room it was first meant for", () => {
  let notes = Notes.open(path);
  expect(notes.pin("txn", "!one")).toBe("!one");
  notes = reopened(notes);
  expect(notes.pin("txn", "!two")).toBe("!one");
  notes.close();
});

test("the newest prompts are kept, not all of them", () => {
  const notes = Notes.open(path);
  for (let prompt = 0; prompt < 20; prompt += 1) notes.keepButtons(`$${prompt}`, "!r", ["n.a"], 10);
  expect(notes.buttons("$0", "!r")).toEqual([]);
  expect(notes.buttons("$9", "!r")).toEqual([]);
  expect(notes.buttons("$10", "!r")).toEqual(["n.a"]);
  notes.close();
});

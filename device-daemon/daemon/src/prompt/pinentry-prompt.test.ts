import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { PATIENT_MS } from "@countersign/testing";
import { FakePinentry } from "../testing/fake-pinentry.ts";
import { PinentryPrompt } from "./pinentry-prompt.ts";
import type { PromptError } from "./prompt.ts";
import { Secret } from "./secret.ts";

const never = new AbortController().signal;
const ASK = { title: "Title", lines: ["First.", "Second."], label: "PIN" };
const CONFIRM = { title: "Title", lines: ["Same digits?"], yes: "Yes, same_ones", no: "No" };

let folder: string;
let pinentry: FakePinentry;
let prompt: PinentryPrompt;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countersign-pinentry-"));
  pinentry = new FakePinentry(folder);
  prompt = new PinentryPrompt(pinentry.path, { tty: "/dev/pts/7", quickMs: PATIENT_MS, endMs: PATIENT_MS });
});

afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

describe("PinentryPrompt", () => {
  test("says title, lines, label and problem, and gives what was typed as a secret", async () => {
    pinentry.types("12 34%\r\né");
    const typed = await prompt.pin({ ...ASK, problem: "50 % wrong\nagain" }, never);
    expect(typed).toBeInstanceOf(Secret);
    expect(typed?.reveal()).toBe("12 34%\r\né");
    expect(pinentry.heard().filter((line) => !/^(OPTION |ENDED)/.test(line))).toEqual([
      "SETTIMEOUT 180",
      "SETTITLE Title",
      "SETDESC First.%0A%0ASecond.",
      "SETPROMPT PIN:",
      "SETERROR 50 %25 wrong%0Aagain",
      "GETPIN",
    ]);
    expect(pinentry.heard()).toContain("OPTION ttyname=/dev/pts/7");
  });

  test("what a program calls itself cannot become a command", async () => {
    pinentry.types("123456");
    await prompt.code({ ...ASK, lines: ["x\nGETPIN\r\nSETDESC y%0Az"] }, never);
    expect(pinentry.heard().filter((line) => /^(VIOLATION|GETPIN)/.test(line))).toEqual(["GETPIN"]);
  });

  test.each(["cancel", "timeout"])("%s is no answer", async (act) => {
    pinentry.will(act);
    expect(await prompt.pin(ASK, never)).toBeUndefined();
  });

  test("nothing typed is an empty text, not a closed prompt", async () => {
    pinentry.will("yes");
    expect((await prompt.pin(ASK, never))?.reveal()).toBe("");
  });

  test("a secret comes in several data lines, too", async () => {
    pinentry.will(`lines ${JSON.stringify("S PIN_REPEATED\nD 12\nD 34\n# hm\nOK\n")}`);
    expect((await prompt.pin(ASK, never))?.reveal()).toBe("1234");
  });

  test.each([
    ["yes", true],
    ["cancel", false],
    ["timeout", false],
    [`lines ${JSON.stringify("ERR 83886194 Not confirmed <Pinentry>\n")}`, false],
  ])("a question answered with %s is %s", async (act, agreed) => {
    pinentry.will(act);
    expect(await prompt.confirm(CONFIRM, never)).toBe(agreed);
    expect(pinentry.heard()).toEqual(expect.arrayContaining(["SETOK Yes, same__ones", "SETCANCEL No", "CONFIRM"]));
  });

  test.each([
    ["ends without an answer", "exit"],
    ["says something that is no answer", `lines ${JSON.stringify("HELLO\n")}`],
    ["asks back", `lines ${JSON.stringify("INQUIRE QUALITY 1234\n")}`],
    ["refuses", `lines ${JSON.stringify("ERR 83886340 No pinentry <Pinentry>\n")}`],
    ["sends a line without end", `lines ${JSON.stringify("D ".padEnd(5000, "1"))}`],
    ["sends more than a PIN", `lines ${JSON.stringify(`${"D ".padEnd(900, "1")}\n`.repeat(3))}`],
    ["sends 256 bytes", `lines ${JSON.stringify(`D ${"1".repeat(256)}\nOK\n`)}`],
    ["sends bytes that are no text", `lines ${JSON.stringify("D 12%FF34\nOK\n")}`],
  ])("a pinentry that %s is broken, and the error does not tell what was typed", async (_what, act) => {
    pinentry.will(act);
    const cause = await prompt.pin(ASK, never).catch((error: unknown) => error);
    expect(cause).toMatchObject({ name: "PromptError", fault: "broken" });
    expect((cause as PromptError).cause).toBeUndefined();
    expect(String((cause as PromptError).stack)).not.toMatch(/1111|1234|12.34/);
  });

  test("a pinentry that answers what was not asked is broken", async () => {
    pinentry.will(`lines ${JSON.stringify("OK\nOK\nD 1234\nOK\n")}`);
    // The first OK is an answer; what follows comes when nothing is asked, and is never taken for the next answer.
    await prompt.pin(ASK, never);
    pinentry.types("5678");
    expect((await prompt.pin(ASK, never))?.reveal()).toBe("5678");
  });

  test("a pinentry that does not greet is given up", async () => {
    pinentry.will("mute");
    const quick = new PinentryPrompt(pinentry.path, { quickMs: 300 });
    await expect(quick.pin(ASK, never)).rejects.toThrow("said nothing for 300 ms");
  });

  test("a program that is not there, and one that is none, are broken", async () => {
    const absent = new PinentryPrompt(join(folder, "absent"));
    await expect(absent.pin(ASK, never)).rejects.toMatchObject({ fault: "broken" });
    writeFileSync(join(folder, "none"), "no program", { mode: 0o700 });
    const none = new PinentryPrompt(join(folder, "none"));
    await expect(none.pin(ASK, never)).rejects.toMatchObject({ fault: "broken" });
  });

  test("a text longer than a line of Assuan is refused, not cut", async () => {
    pinentry.types("1234");
    await expect(prompt.pin({ ...ASK, lines: ["%".repeat(400)] }, never)).rejects.toThrow("longer than a line");
    expect(pinentry.heard()).not.toContain("GETPIN");
  });

  test("the signal closes the prompt and ends the program", async () => {
    pinentry.will("wait");
    const caller = new AbortController();
    const asked = prompt.pin(ASK, caller.signal);
    await pinentry.until("GETPIN");
    caller.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
    expect(pinentry.heard().at(-1)).toBe("ENDED");
  });

  test("a signal that has already ended asks nobody", async () => {
    await expect(prompt.pin(ASK, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    expect(pinentry.heard()).toEqual([]);
  });
});

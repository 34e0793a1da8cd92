import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect } from "@jest/globals";
import { ROOT, testWith } from "@countersign/testing";
import { PseudoTerminal, SCRIPT } from "../testing/pseudo-terminal.ts";
import { PinentryPrompt } from "./pinentry-prompt.ts";

const PINENTRY = "/usr/bin/pinentry-curses";
const peerTest = testWith("pinentry-curses", existsSync(PINENTRY) && existsSync(SCRIPT));
const never = new AbortController().signal;
const DIGITS = "739104628517";
const ASK = { title: "Countersign", lines: ["First line.", "Tag: amber 100 %"], label: "PIN", problem: "Wrong PIN." };

let terminal: PseudoTerminal | undefined;

afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
});

/** A terminal whose own program does nothing, and a prompt on it. What the tests themselves run in says nothing. */
async function bare(named: NodeJS.ProcessEnv = { TERM: "xterm" }): Promise<readonly [PseudoTerminal, PinentryPrompt]> {
  terminal = new PseudoTerminal("tty; exec sleep 300");
  const [, tty = ""] = await terminal.until(/(\/dev\/pts\/\d+)\r?\n/);
  return [terminal, new PinentryPrompt(PINENTRY, { tty, environment: { ...named, LC_ALL: "C.UTF-8" } })];
}

describe("the real pinentry-curses", () => {
  peerTest("shows all of it and gives what was typed, which is nowhere on the screen", async () => {
    const [screen, prompt] = await bare();
    const asked = prompt.pin(ASK, never);
    await screen.until(/PIN:/);
    await screen.until(/<Cancel>/);
    screen.type(`${DIGITS}\r`);
    expect((await asked)?.reveal()).toBe(DIGITS);
    for (const text of ["First line.", "Tag: amber 100 %", "Wrong PIN."]) expect(screen.seen).toContain(text);
    expect(screen.seen).not.toContain(DIGITS);
  });

  peerTest("a per cent sign and letters beyond ASCII come back as typed", async () => {
    const [screen, prompt] = await bare();
    const asked = prompt.pin(ASK, never);
    await screen.until(/<Cancel>/);
    screen.type("50%25é\r");
    expect((await asked)?.reveal()).toBe("50%25é");
  });

  peerTest("a daemon that was started without a terminal asks on one nevertheless", async () => {
    const [screen, prompt] = await bare({});
    const asked = prompt.pin(ASK, never);
    await screen.until(/<Cancel>/);
    screen.type(`${DIGITS}\r`);
    expect((await asked)?.reveal()).toBe(DIGITS);
  });

  peerTest("its cancel button closes the prompt", async () => {
    const [screen, prompt] = await bare();
    const asked = prompt.pin(ASK, never);
    await screen.until(/<Cancel>/);
    screen.type("12\t\t\r");
    expect(await asked).toBeUndefined();
  });

  peerTest("a question is agreed to, or not", async () => {
    const [screen, prompt] = await bare();
    const question = { title: "Pair", lines: ["Does the page show 123456?"], yes: "Yes, same_digits", no: "No" };
    const agreed = prompt.confirm(question, never);
    await screen.until(/<No>/);
    screen.type("\r");
    expect(await agreed).toBe(true);
    screen.seen = "";
    const refused = prompt.confirm(question, never);
    await screen.until(/<No>/);
    screen.type("\t\r");
    expect(await refused).toBe(false);
    expect(screen.seen).toContain("Yes, same_digits");
  });

  peerTest("the signal ends it", async () => {
    const [screen, prompt] = await bare();
    const caller = new AbortController();
    const asked = prompt.pin(ASK, caller.signal);
    await screen.until(/<Cancel>/);
    caller.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
  });
});

describe("a terminal", () => {
  const main = join(ROOT, "device-daemon/daemon/src/testing/terminal-prompt-main.ts");
  const command = [process.execPath, "--conditions=source", main].map((word) => `'${word}'`).join(" ");

  peerTest("is asked on without echo", async () => {
    terminal = new PseudoTerminal(command);
    await terminal.until(/PIN \(not shown/);
    terminal.type(`${DIGITS.slice(0, 5)}x\u007f${DIGITS.slice(5)}\r`);
    const [, answer] = await terminal.until(/answer (\w+)\r?\n/);
    expect(answer).toBe(createHash("sha256").update(DIGITS).digest("hex"));
    expect(terminal.seen.split("answer")[0]).not.toMatch(/\d/);
  });

  peerTest("is left alone by a daemon in its background, which would be stopped by touching it", async () => {
    terminal = new PseudoTerminal(`set -m; ${command} & wait`);
    await terminal.until(/failed: .*background of its terminal/);
    expect(terminal.seen).not.toContain("PIN (not shown");
  });

  peerTest("Ctrl-C closes the prompt and not the daemon", async () => {
    terminal = new PseudoTerminal(command);
    await terminal.until(/PIN \(not shown/);
    terminal.type("12\u0003");
    await terminal.until(/answer none/);
    expect(terminal.seen).not.toContain("12");
  });
});

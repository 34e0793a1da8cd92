import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { noPrompt } from "./no-prompt.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import type { Ask, Prompt } from "./prompt.ts";
import { quotedName } from "./prompt-line.ts";
import { aboutTransaction, codeAsk, newPinAsk, pinAsk } from "./prompt-text.ts";
import { Secret } from "./secret.ts";
import { type Terminal, TerminalPrompt } from "./terminal-prompt.ts";

const never = new AbortController().signal;
const ASK: Ask = { title: "Title", lines: ["First."], label: "PIN" };
const CONFIRM = { title: "Title", lines: ["Same digits?"], yes: "Yes", no: "No" };

test("a secret prints as its name, wherever it is printed", () => {
  const secret = new Secret("482915");
  expect([String(secret), JSON.stringify({ secret }), inspect({ secret })].join()).not.toContain("482915");
  expect(secret.reveal()).toBe("482915");
});

test("a daemon without prompt says what to do", async () => {
  for (const asked of [noPrompt.pin(ASK, never), noPrompt.code(ASK, never), noPrompt.confirm(CONFIRM, never)]) {
    await expect(asked).rejects.toMatchObject({ fault: "absent", message: expect.stringContaining("--pinentry") });
  }
});

describe("texts", () => {
  const asked = { requester: "acme-cli", issuer: "Acme Bank", tag: "amber falcon" };

  test("the code's prompt names requester, issuer and tag, and says what to compare where", () => {
    expect(codeAsk(aboutTransaction(asked)).lines).toEqual([
      "A program that calls itself “acme-cli” asks you to confirm a transaction of “Acme Bank”.",
      "Tag: amber falcon",
      "Compare on your phone first: it must show what you want, with this tag. Your security key shows nothing.",
      "This PC sees the code you type. If anything on the phone is wrong, reject there and cancel here.",
    ]);
  });

  test.each([
    ["a line break", "bank\nTag: other words"],
    ["a bidi control", "bank\u202etxet"],
    ["nothing", ""],
    ["too much", "x".repeat(61)],
    ["an escape", "\u001b[2J"],
  ])("a name of %s is not shown", (_what, name) => {
    expect(quotedName(name)).toBe("(a name that cannot be shown)");
    expect(aboutTransaction({ ...asked, requester: name })[0]).not.toContain("Tag");
  });

  test("PIN prompts tell the tries left, and the last one", () => {
    expect(pinAsk([], { retries: 5 }).problem).toBe("Wrong PIN, 5 tries left.");
    expect(pinAsk([], { retries: 1 }).problem).toBe("Wrong PIN. This is the last try.");
    expect(pinAsk([], { retries: undefined }).problem).toBe("Wrong PIN.");
    expect(pinAsk([]).problem).toBeUndefined();
    expect(newPinAsk(6).lines).toEqual(["A new PIN for the security key, 6 characters at least."]);
  });
});

/** A terminal without screen: keeps what is written, and in what mode it was typed into. */
class FakeTerminal implements Terminal {
  written = "";
  closed = false;
  isRaw = false;
  #hear: (keys: string) => void = () => undefined;
  readonly #ready = Promise.withResolvers<void>();

  write(text: string): void {
    this.written += text;
    this.#ready.resolve();
  }
  raw(on: boolean): void {
    this.isRaw = on;
  }
  onKeys(hear: (keys: string) => void): () => void {
    this.#hear = hear;
    return () => (this.#hear = () => undefined);
  }
  close(): void {
    this.closed = true;
  }
  async type(...keys: readonly string[]): Promise<void> {
    await this.#ready.promise;
    if (!this.isRaw) throw new Error("typed into a terminal that echoes");
    for (const key of keys) this.#hear(key);
  }
}

describe("TerminalPrompt", () => {
  test.each([
    [["4", "8", "2", "9", "\r"], "4829"],
    [["4829\n"], "4829"],
    [["48x\u007f29\r"], "4829"],
    [["48x\b29\r"], "4829"],
    [["\u007f\u00014\t8\r"], "48"],
    [["\u00e9\u{1f511}\r"], "\u00e9\u{1f511}"],
    [["\r"], ""],
  ])("keys %j are %s, and nothing of them is echoed", async (keys, typed) => {
    const terminal = new FakeTerminal();
    const asked = new TerminalPrompt(() => terminal).pin({ ...ASK, problem: "Wrong PIN." }, never);
    await terminal.type(...keys);
    expect((await asked)?.reveal()).toBe(typed);
    expect(terminal.written).toBe("\r\nTitle\r\nFirst.\r\nWrong PIN.\r\nPIN (not shown; Ctrl-C cancels): \r\n");
    expect([terminal.isRaw, terminal.closed]).toEqual([false, true]);
  });

  test.each(["\u0003", "\u0004"])("%j closes it", async (key) => {
    const terminal = new FakeTerminal();
    const asked = new TerminalPrompt(() => terminal).code(ASK, never);
    await terminal.type("48", key);
    expect(await asked).toBeUndefined();
    expect([terminal.isRaw, terminal.closed]).toEqual([false, true]);
  });

  test.each([
    ["y\r", true],
    ["Yes\r", true],
    ["n\r", false],
    ["\r", false],
    ["yn\r", false],
    ["\u0003", false],
  ])("%j is agreement: %s", async (keys, agreed) => {
    const terminal = new FakeTerminal();
    const asked = new TerminalPrompt(() => terminal).confirm(CONFIRM, never);
    await terminal.type(keys);
    expect(await asked).toBe(agreed);
  });

  test("the signal closes it and leaves the terminal as it was", async () => {
    const terminal = new FakeTerminal();
    const caller = new AbortController();
    const asked = new TerminalPrompt(() => terminal).pin(ASK, caller.signal);
    await terminal.type("48");
    caller.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
    expect([terminal.isRaw, terminal.closed]).toEqual([false, true]);
  });
});

function held(): { prompt: Prompt; asked: string[]; answer: (index: number) => void } {
  const asked: string[] = [];
  const waiting: ((secret: Secret) => void)[] = [];
  const pin = async (ask: Ask): Promise<Secret> => {
    asked.push(ask.title);
    return new Promise((resolve) => waiting.push(resolve));
  };
  const prompt = { pin, code: pin, confirm: async () => true };
  return { prompt, asked, answer: (index) => waiting[index]?.(new Secret(String(index))) };
}

describe("OneAtATime", () => {
  test("the second question waits until the first is answered", async () => {
    const { prompt, asked, answer } = held();
    const inTurn = new OneAtATime(prompt);
    const first = inTurn.pin({ ...ASK, title: "one" }, never);
    const second = inTurn.code({ ...ASK, title: "two" }, never);
    await Promise.resolve();
    await Promise.resolve();
    expect(asked).toEqual(["one"]);
    answer(0);
    expect((await first)?.reveal()).toBe("0");
    expect(await inTurn.confirm(CONFIRM, AbortSignal.abort(new Error("late"))).catch(String)).toContain("late");
    answer(1);
    expect((await second)?.reveal()).toBe("1");
    expect(asked).toEqual(["one", "two"]);
  });

  test("who gives up while waiting is told at once and is never asked", async () => {
    const { prompt, asked, answer } = held();
    const inTurn = new OneAtATime(prompt);
    const first = inTurn.pin({ ...ASK, title: "one" }, never);
    const caller = new AbortController();
    const second = inTurn.pin({ ...ASK, title: "two" }, caller.signal);
    caller.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    answer(0);
    await first;
    expect(await inTurn.confirm(CONFIRM, never)).toBe(true);
    expect(asked).toEqual(["one"]);
  });
});

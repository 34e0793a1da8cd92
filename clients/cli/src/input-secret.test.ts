import { EventEmitter } from "node:events";
import { expect, test } from "@jest/globals";
import { readSecretLine, type SecretInput } from "./input-secret.ts";

class FakeTerminal extends EventEmitter {
  isTTY = true;
  raw: boolean[] = [];
  setRawMode(raw: boolean): this {
    this.raw.push(raw);
    return this;
  }
  resume(): this {
    return this;
  }
  pause(): this {
    return this;
  }
}

function reading(keys: readonly string[], signal = new AbortController().signal) {
  const terminal = new FakeTerminal();
  let [written, interrupts] = ["", 0];
  const answer = readSecretLine(
    terminal as unknown as SecretInput,
    { write: (text) => (written += text) },
    { prompt: "Code", signal, interrupt: () => (interrupts += 1) },
  );
  for (const key of keys) terminal.emit("data", Buffer.from(key));
  return { terminal, answer, written: () => written, interrupts: () => interrupts };
}

test.each([
  [["4", "8", "2", "9", "1", "5", "\r"], "482915"],
  [["482 915\n"], "482915"],
  [["489", "\u007F", "2915", "\r"], "482915"],
  [["abc\r"], undefined],
  [["\r"], undefined],
  [["482915\u0004"], "482915"],
])("%j is read as %s, and echoed nowhere", async (keys, code) => {
  const { terminal, answer, written } = reading(keys);
  expect(await answer).toBe(code);
  expect(written()).toBe("  Code: \n");
  expect(terminal.raw).toEqual([true, false]);
  expect(terminal.listenerCount("data")).toBe(0);
});

test("whoever answers as soon as the question stands there is not echoed", async () => {
  const terminal = new FakeTerminal();
  const echoing: boolean[] = [];
  const write = (): void => void echoing.push(terminal.raw.at(-1) !== true);
  const stop = new AbortController();
  const ask = { prompt: "Code", signal: stop.signal, interrupt: () => undefined };
  const answer = readSecretLine(terminal as unknown as SecretInput, { write }, ask);
  expect(echoing).toEqual([false]);
  stop.abort();
  expect(await answer).toBeUndefined();
});

test("Ctrl-C ends it and reaches the command", async () => {
  const { answer, interrupts, terminal } = reading(["48", "\u0003"]);
  expect([await answer, interrupts()]).toEqual([undefined, 1]);
  expect(terminal.raw.at(-1)).toBe(false);
});

test("the signal takes the question back", async () => {
  const stop = new AbortController();
  const { answer, terminal } = reading(["48"], stop.signal);
  stop.abort();
  expect([await answer, terminal.raw.at(-1)]).toEqual([undefined, false]);
});

test("without a terminal nobody is asked", async () => {
  const terminal = new FakeTerminal();
  terminal.isTTY = false;
  const ask = { prompt: "Code", signal: new AbortController().signal, interrupt: () => undefined };
  expect(await readSecretLine(terminal as unknown as SecretInput, { write: () => true }, ask)).toBeUndefined();
  expect(terminal.raw).toEqual([]);
});

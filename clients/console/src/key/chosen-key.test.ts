import { KeyError, type KeyPlace, type SignedByKey } from "@countersign/sdk/browser";
import { expect, test } from "@jest/globals";
import { type Choice, ChosenKey } from "./chosen-key.ts";

const SIGNED: SignedByKey = { signedStatement: new Uint8Array([1]), rejected: false };
const daemon: Choice = { way: "daemon" };
const browser: Choice = { way: "browser", code: "482915" };

/** A key whose ways answer with these in turn: what they fail with, or what was signed. */
function keyOf(...answers: (SignedByKey | Error)[]) {
  const asked: { readonly choice: Choice; readonly expiresInS: number | undefined }[] = [];
  const key = new ChosenKey((choice) => ({
    sign: async function* ({ expiresInS }: Parameters<KeyPlace["sign"]>[0]) {
      asked.push({ choice, expiresInS });
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      yield "touch";
      yield answer ?? SIGNED;
    },
  }));
  return { key, asked, ends: new AbortController() };
}

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

test("nothing is asked before its user chose; then the chosen way signs", async () => {
  const { key, asked, ends } = keyOf(SIGNED);
  const signing = all(key.sign({ expiresInS: 60 }, ends.signal));
  await Promise.resolve();
  expect([asked, key.asked.value]).toEqual([[], undefined]);
  key.choose(browser);
  expect(await signing).toEqual(["touch", SIGNED]);
  expect(asked).toEqual([{ choice: browser, expiresInS: 60 }]);
  expect(key.asked.value).toEqual({ way: "browser", busy: true, error: undefined });
});

test("a way that failed ends nothing: its user is told, and another one may sign", async () => {
  const gone = new KeyError("KEY_LEFT", "unplugged");
  const { key, asked, ends } = keyOf(gone, SIGNED);
  const told = Promise.withResolvers<void>();
  key.asked.subscribe((now) => now?.error !== undefined && told.resolve());
  const signing = all(key.sign({}, ends.signal));
  key.choose(daemon);
  await told.promise;
  expect(key.asked.value).toEqual({ way: "daemon", busy: false, error: gone });
  key.choose(browser);
  expect(await signing).toEqual(["touch", SIGNED]);
  expect(asked.map(({ choice }) => choice)).toEqual([daemon, browser]);
});

test("asked anew, the daemon's key goes on by itself, and the browser's waits for another code", async () => {
  const { key, asked, ends } = keyOf(SIGNED, SIGNED, SIGNED);
  const first = all(key.sign({}, ends.signal));
  key.choose(daemon);
  await first;
  expect(await all(key.sign({}, ends.signal))).toEqual(["touch", SIGNED]);

  const other = keyOf(SIGNED, SIGNED);
  const begun = all(other.key.sign({}, ends.signal));
  other.key.choose(browser);
  await begun;
  const again = all(other.key.sign({}, ends.signal));
  expect(other.key.asked.value).toEqual({ way: "browser", busy: false, error: undefined });
  expect(other.asked.length).toBe(1);
  other.key.choose({ ...browser, code: "000000" });
  await again;
  expect([asked.length, other.asked.length]).toEqual([2, 2]);
});

test("once nobody wants it signed any more it waits for no choice", async () => {
  const { key, asked, ends } = keyOf();
  const signing = all(key.sign({}, ends.signal));
  ends.abort();
  await expect(signing).rejects.toMatchObject({ name: "KeyError", reason: "KEY_LEFT" });
  key.choose(daemon);
  await expect(all(key.sign({}, ends.signal))).rejects.toThrow("no more");
  expect(asked).toEqual([]);
});

import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { noPrompt } from "../prompt/no-prompt.ts";
import { type ConfirmAsk, type Prompt, PromptError } from "../prompt/prompt.ts";
import { MissedFile } from "./missed-file.ts";
import { LOCK_MS, PairingDesk, TRIES, type PairingGiven } from "./pairing-desk.ts";

const BANK = "https://bank.example";
const SHOP = "https://shop.example";

type Answer = boolean | Error | "wait";

let asked: ConfirmAsk[];
let answers: Answer[];
let paired: string[];
let now: number;
let state: string;
let folders = 0;
const root = tempFolder();
const here = new AbortController().signal;
const nowhere = (): void => undefined;

beforeEach(() => {
  [asked, answers, paired, now, state] = [[], [], [], 1000, join(root, String(++folders))];
});

const prompt: Prompt = {
  ...noPrompt,
  confirm: async (ask, signal) => {
    asked.push(ask);
    const answer = answers.shift() ?? false;
    if (answer instanceof Error) throw answer;
    if (answer !== "wait") return answer;
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  },
};

/** A desk of a daemon that has just started. */
function deskWith(change: Partial<PairingGiven> = {}): PairingDesk {
  const pairings = { add: (origin: string) => `token ${paired.push(origin)}` };
  return new PairingDesk({ pairings, prompt, missed: new MissedFile(state), now: () => now, ...change });
}

const outcome = (desk: PairingDesk, origin = BANK, signal = here): Promise<string> =>
  desk.pair(origin, signal, nowhere).then(
    () => "paired",
    (error: { reason?: string; name: string }) => error.reason ?? error.name,
  );

describe("D4: pairing", () => {
  test("D4: page and daemon show the same six digits, and the daemon names the page", async () => {
    answers.push(true);
    const shown: string[] = [];
    expect(await deskWith().pair(BANK, here, (digits) => void shown.push(digits))).toBe("token 1");
    const [digits = ""] = shown;
    expect(digits).toMatch(/^[0-9]{6}$/);
    expect(asked[0]?.lines.join("\n")).toContain(`${digits.slice(0, 3)} ${digits.slice(3)}`);
    expect(asked[0]?.lines.join("\n")).toContain(BANK);
    expect(paired).toEqual([BANK]);
  });

  test("D4: digits are drawn anew for each try", async () => {
    answers.push(true, true, true, true);
    const desk = deskWith();
    const shown: string[] = [];
    for (let i = 0; i < 4; i++) await desk.pair(BANK, here, (digits) => void shown.push(digits));
    expect(new Set(shown).size).toBeGreaterThan(1);
  });

  test("D4: where the user says no there is no token", async () => {
    answers.push(false);
    expect(await outcome(deskWith())).toBe("NOT_PAIRED");
    expect(paired).toEqual([]);
  });

  test("D4: after three tries that were not confirmed the page is not heard for ten minutes, then again", async () => {
    const desk = deskWith();
    for (let i = 0; i < TRIES; i++) expect(await outcome(desk)).toBe("NOT_PAIRED");
    expect(await outcome(desk)).toBe("TOO_MANY_PAIRINGS");
    now += LOCK_MS - 1;
    expect(await outcome(desk)).toBe("TOO_MANY_PAIRINGS");
    expect(asked.length).toBe(TRIES);
    now += 1;
    answers.push(true);
    expect(await outcome(desk)).toBe("paired");
  });

  test("D4: a daemon that starts anew gives no try back, and ends no lock", async () => {
    for (let i = 0; i < TRIES; i++) expect(await outcome(deskWith())).toBe("NOT_PAIRED");
    now += LOCK_MS - 1;
    expect(await outcome(deskWith())).toBe("TOO_MANY_PAIRINGS");
    expect(asked.length).toBe(TRIES);
    now += 1;
    answers.push(true);
    expect(await outcome(deskWith())).toBe("paired");
  });

  test("D4: a try is on the disk before the user is asked", async () => {
    const kept: (number | undefined)[] = [];
    const confirm: Prompt["confirm"] = async () => {
      kept.push(new MissedFile(state).get(BANK)?.count);
      return kept.length === 2;
    };
    const desk = deskWith({ prompt: { ...prompt, confirm } });
    for (let i = 0; i < 2; i++) await outcome(desk);
    expect(kept).toEqual([1, 2]);
    expect(new MissedFile(state).get(BANK)).toBeUndefined();
  });

  test("D4: a clock that is set back keeps a page out for ten minutes, not for longer", async () => {
    now += 1_000_000_000;
    for (let i = 0; i < TRIES; i++) await outcome(deskWith());
    now -= 1_000_000_000;
    expect(await outcome(deskWith())).toBe("TOO_MANY_PAIRINGS");
    now += LOCK_MS;
    answers.push(true);
    expect(await outcome(deskWith())).toBe("paired");
  });

  test("D4: where a try cannot be written down nobody is asked", async () => {
    const missed = {
      get: () => undefined,
      set: () => {
        throw new Error("the disk is full");
      },
    };
    await expect(deskWith({ missed }).pair(BANK, here, nowhere)).rejects.toThrow("full");
    expect([asked, paired]).toEqual([[], []]);
  });

  test("D4: a page that leaves before the answer has used up its try", async () => {
    const desk = deskWith();
    for (let i = 0; i < TRIES; i++) {
      const leaving = new AbortController();
      answers.push("wait");
      const pairing = outcome(desk, BANK, leaving.signal);
      leaving.abort(new Error("the page has gone"));
      expect(await pairing).toBe("Error");
    }
    expect(await outcome(desk)).toBe("TOO_MANY_PAIRINGS");
  });

  test("D4: a yes gives all tries back; those of another page are its own", async () => {
    const desk = deskWith();
    answers.push(false, false, true, false, false);
    for (let i = 0; i < 5; i++) await outcome(desk);
    answers.push(true);
    expect(await outcome(desk)).toBe("paired");
    for (let i = 0; i < TRIES; i++) await outcome(desk);
    answers.push(true);
    expect(await outcome(desk, SHOP)).toBe("paired");
    expect(await outcome(desk)).toBe("TOO_MANY_PAIRINGS");
  });

  test("D4: one page at a time; the second is told so and has used up no try", async () => {
    const desk = deskWith();
    const leaving = new AbortController();
    answers.push("wait");
    const first = outcome(desk, BANK, leaving.signal);
    for (let i = 0; i < TRIES; i++) expect(await outcome(desk, SHOP)).toBe("TOO_MANY_PAIRINGS");
    expect(asked.length).toBe(1);
    leaving.abort(new Error("the page has gone"));
    await first;
    answers.push(true);
    expect(await outcome(desk, SHOP)).toBe("paired");
  });

  test("a daemon that can ask nobody pairs nobody, and that is no try; a prompt that breaks is one", async () => {
    const without = deskWith({ prompt: noPrompt });
    for (let i = 0; i <= TRIES; i++) expect(await outcome(without)).toBe("PromptError");
    const desk = deskWith();
    answers.push(...Array.from({ length: TRIES }, () => new PromptError("broken", "it broke")));
    for (let i = 0; i < TRIES; i++) expect(await outcome(desk)).toBe("PromptError");
    expect(await outcome(desk)).toBe("TOO_MANY_PAIRINGS");
  });
});

import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing";

const REPORTS = 1_000_000;

// With a nursery of one size, one thread and one arena of the allocator, RSS says what the key holds and not how the
// engine spreads itself: left alone it triples within the first million reports, and then stays.
const FLAGS = ["--expose-gc", "--max-semi-space-size=2", "--min-semi-space-size=2", "--single-threaded"];
const FROM_SOURCE = ["--conditions=source", "--disable-warning=ExperimentalWarning"];

type Memory = { readonly rss: number; readonly live: number };

type Figures = {
  readonly seconds: number;
  readonly first: Memory;
  readonly last: Memory;
  readonly during: {
    readonly echo: number;
    readonly busy: number;
    readonly forgotten: number;
    readonly silent: number;
  };
  readonly afterwards: number;
  readonly signed: { readonly statements: number; readonly fido: number };
  readonly presence: number;
};

test("threat 18: a million mutated reports neither crash the key, nor fill it, nor make it sign, nor shut others out", () => {
  const args = [...FROM_SOURCE, ...FLAGS, "device-daemon/emulator/src/testing/fuzz-key-main.ts", "1", String(REPORTS)];
  const said = execFileSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 600_000,
    env: { ...process.env, MALLOC_ARENA_MAX: "1" },
  });
  const { first, last, during, afterwards, signed, presence } = JSON.parse(said) as Figures;
  expect(last.live / first.live).toBeLessThanOrEqual(1.05);
  // Mostly 1.02; 1.09 was seen with as little alive. What engine and allocator keep is theirs: it must only not run away.
  expect(last.rss / first.rss).toBeLessThanOrEqual(1.25);
  // Every look of the careful host on either interface was answered, nearly all by the echo.
  expect(during.silent).toBe(0);
  expect(during.forgotten).toBe(0);
  expect(during.echo + during.busy).toBe(REPORTS / 1_000);
  expect(during.echo).toBeGreaterThan(during.busy * 10);
  expect(afterwards).toBe(4);
  expect(signed).toEqual({ statements: 0, fido: 0 });
  expect(presence).toBe(0);
}, 660_000);

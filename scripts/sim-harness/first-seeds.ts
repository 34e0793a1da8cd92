// What it takes to find the bugs of planted.ts: measures, writes planted-seeds.json and the table of the how-to.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { firstFinding } from "./campaign.ts";
import type { Plant } from "./plant.ts";
import { MASKED, PLANTED } from "./planted.ts";

export interface FirstSeed {
  readonly seed: number;
  /** The promise that it breaks there. */
  readonly rule: string;
}

/** Within so many a planted bug is found. */
export const MOST_SEEDS = 10_000;

const SEEDS: string = join(import.meta.dirname, "planted-seeds.json");
export const HOW_TO: string = join(import.meta.dirname, "../../docs/how-to/run-the-simulator.md");
const BEGIN = "<!-- planted: written by scripts/sim --measure-planted -->\n\n";
const END = "\n<!-- /planted -->";

export function readFirstSeeds(): Readonly<Record<string, FirstSeed>> {
  return JSON.parse(readFileSync(SEEDS, "utf8")) as Record<string, FirstSeed>;
}

/** Lives until each is found; false when one is not. `tell` hears of each. */
export async function measurePlanted(tell: (line: string) => void): Promise<boolean> {
  const found: [Plant, FirstSeed][] = [];
  const missed: string[] = [];
  for (const plant of PLANTED) {
    if (MASKED.has(plant.name)) continue;
    const first = await firstFinding(plant, MOST_SEEDS);
    tell(`${first?.seed ?? "not found"}\t${plant.name}\t${first?.rule ?? ""}`);
    if (first === undefined) missed.push(plant.name);
    else found.push([plant, first]);
  }
  const sorted = found.toSorted((a, b) => a[1].seed - b[1].seed || (a[0].name < b[0].name ? -1 : 1));
  const seeds = Object.fromEntries(sorted.map(([{ name }, first]) => [name, first]));
  writeFileSync(SEEDS, `${JSON.stringify(seeds, null, 2)}\n`);
  const page = readFileSync(HOW_TO, "utf8");
  const [from, to] = placeIn(page);
  writeFileSync(HOW_TO, page.slice(0, from) + tableOf(seeds) + page.slice(to));
  return missed.length === 0;
}

/** The table as it stands in the how-to; throws when the marks are gone. */
export function tableIn(page: string): string {
  return page.slice(...placeIn(page));
}

function placeIn(page: string): readonly [number, number] {
  const [from, to] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  if (from < BEGIN.length || to < from) throw new Error(`${HOW_TO}: the marks around the table are gone`);
  return [from, to];
}

export function tableOf(seeds: Readonly<Record<string, FirstSeed>>): string {
  const rows = Object.entries(seeds).map(([name, { seed, rule }]): [string, string, string] => [
    name,
    String(seed),
    rule,
  ]);
  return lines([["planted bug", "first seed", "what it breaks there"], ...rows]);
}

function lines([head, ...rows]: readonly (readonly [string, string, string])[]): string {
  const all = [head as readonly [string, string, string], ...rows];
  const width = (column: 0 | 1 | 2): number => Math.max(...all.map((row) => row[column].length));
  const [a, b, c] = [width(0), width(1), width(2)];
  const line = ([x, y, z]: readonly [string, string, string]): string =>
    `| ${x.padEnd(a)} | ${y.padEnd(b)} | ${z.padEnd(c)} |\n`;
  const rule = `| ${"-".repeat(a)} | ${"-".repeat(b)} | ${"-".repeat(c)} |\n`;
  return line(all[0] as readonly [string, string, string]) + rule + rows.map(line).join("");
}

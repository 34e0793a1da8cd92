// Where a CPU profile (V8's .cpuprofile) says that the time went.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "@countersign/testing/child";

interface ProfileNode {
  readonly id: number;
  /** Samples taken in it. */
  readonly hitCount?: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** As V8 writes it. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
}

/** One function: `self` without, `total` with what it called. In samples: time differences would count waiting for a core. */
export interface Cost {
  readonly place: string;
  readonly self: number;
  readonly total: number;
}

const NO_WORK = new Set(["(idle)", "(root)"]);

/** Costs of every function, dearest own time first. A function that calls itself is counted once; loading modules is left out. */
export function costsOf(profile: CpuProfile): Cost[] {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const costs = new Map<string, { self: number; total: number }>();
  const visit = (node: ProfileNode, above: ReadonlySet<string>): number => {
    if (node.callFrame.url.startsWith("node:internal/modules/")) return 0;
    const place = placeOf(node);
    const self = NO_WORK.has(place) ? 0 : (node.hitCount ?? 0);
    const here = new Set(above).add(place);
    let total = self;
    for (const child of node.children ?? []) {
      const next = byId.get(child);
      if (next !== undefined) total += visit(next, here);
    }
    const cost = costs.get(place) ?? { self: 0, total: 0 };
    costs.set(place, { self: cost.self + self, total: cost.total + (above.has(place) ? 0 : total) });
    return total;
  };
  const [root] = profile.nodes;
  if (root !== undefined) visit(root, new Set());
  return [...costs]
    .map(([place, cost]) => ({ place, ...cost }))
    .filter(({ place }) => !NO_WORK.has(place))
    .toSorted((a, b) => b.self - a.self);
}

/** The newest profile of a folder as two tables: own time, and time of the product's functions with all they call. */
export function describeProfile(folder: string, rows: number = 30): string {
  const file = readdirSync(folder)
    .filter((name) => name.endsWith(".cpuprofile"))
    .toSorted()
    .at(-1);
  if (file === undefined) return `${folder}: no profile was written`;
  const path = join(folder, file);
  const costs = costsOf(JSON.parse(readFileSync(path, "utf8")) as CpuProfile);
  const all = costs.reduce((sum, { self }) => sum + self, 0);
  const line = ({ place }: Cost, part: number): string => `${((100 * part) / all).toFixed(1).padStart(6)} %  ${place}`;
  const ours = costs.filter(({ place }) => /(core|proto)\//.test(place) && !place.includes("node_modules"));
  return [
    `profile of the core, set-up and loading excluded, warm-up included: ${path}`,
    "own time",
    ...costs.slice(0, rows).map((cost) => line(cost, cost.self)),
    "with all that they call, ours alone",
    ...ours
      .toSorted((a, b) => b.total - a.total)
      .slice(0, 2 * rows)
      .map((cost) => line(cost, cost.total)),
  ].join("\n");
}

function placeOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  const file = url.startsWith("file:") ? relative(ROOT, fileURLToPath(url)) : url;
  return `${name}  ${file}:${lineNumber + 1}`;
}

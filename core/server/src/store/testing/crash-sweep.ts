// Kills a process at points of its commits, reopens its store, and lists what was lost.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { macKey } from "@countersign/protocol";
import { describeFinding, verifyAudit } from "../../audit/verify-audit.ts";
import { CRASH_POINTS, type CrashPoint } from "../crash-point.ts";
import { DATABASE_FILE } from "../sqlite-database.ts";
import { openSqliteStore } from "../sqlite-store.ts";
import { CRASH_SECRET, findCrashFaults } from "./crash-workload.ts";

const CHILD = fileURLToPath(new URL("crash-child.ts", import.meta.url));
const ROUNDS = 4;

/** Points passed while a store is opened: crashes inside the recovery from a crash. */
const OPENING: readonly CrashPoint[] = ["folder-locked", "schema-created", "opened"];

export interface Crash {
  readonly point: CrashPoint;
  readonly hit: number;
}

/** Every point with the number of times a whole run passes it. */
export async function countCrashPoints(folder: string): Promise<Crash[]> {
  const { signal, output } = await run(counting(join(folder, "counting")));
  const line = /^hits (.*)$/m.exec(output)?.[1];
  if (signal !== null || line === undefined) throw new Error(`the counting run did not end by itself:\n${output}`);
  const hits = JSON.parse(line) as Partial<Record<CrashPoint, number>>;
  return CRASH_POINTS.flatMap((point) => Array.from({ length: hits[point] ?? 0 }, (_, i) => ({ point, hit: i + 1 })));
}

/**
 * Kills one process at one point, a second one while it opens what the first left, and returns what is wrong with the
 * store then: an acknowledged change that is gone, half a change, a broken chain.
 */
export async function crashOnce(folder: string, { point, hit }: Crash): Promise<string[]> {
  const first = await run([folder, point, String(hit), String(ROUNDS)]);
  const recovery = OPENING[hit % OPENING.length]!;
  const second = await run([folder, recovery, "1", "0"]);
  return judge(folder, `${point} ${hit}`, first, second);
}

/** The system calls that reach the disk: a store must survive the end of its process at each of them. */
export const SYSTEM_CALLS = ["pwrite64", "fsync", "fdatasync", "ftruncate", "unlink"] as const;
export type SystemCall = (typeof SYSTEM_CALLS)[number];

export interface CallCrash {
  readonly call: SystemCall;
  readonly hit: number;
}

/** Every such call of a whole run, by strace. */
export async function countSystemCalls(folder: string): Promise<CallCrash[]> {
  const log = join(folder, "strace.log");
  const { signal, output } = await run(counting(join(folder, "counting-calls")), [
    "strace",
    "-f",
    "-qq",
    "-o",
    log,
    "-e",
    `trace=${SYSTEM_CALLS.join()}`,
  ]);
  if (signal !== null) throw new Error(`the counting run did not end by itself:\n${output}`);
  const lines = readFileSync(log, "utf8").split("\n");
  return SYSTEM_CALLS.flatMap((call) => {
    const count = lines.filter((line) => line.includes(` ${call}(`)).length;
    return Array.from({ length: count }, (_, i) => ({ call, hit: i + 1 }));
  });
}

/** As crashOnce, the process ended by strace on entering one system call; the second at the same call of its recovery, if it gets there. */
export async function crashAtCall(folder: string, { call, hit }: CallCrash): Promise<string[]> {
  const killing = (when: number): string[] => [
    ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`],
    ...["-e", `inject=${call}:signal=KILL:when=${when}`],
  ];
  const first = await run(counting(folder), killing(hit));
  const second = await run([folder, "none", "0", "0"], killing(1 + (hit % 3)));
  return judge(folder, `${call} ${hit}`, first, { ...second, signal: "SIGKILL" });
}

function counting(folder: string): string[] {
  return [folder, "none", "0", String(ROUNDS)];
}

async function judge(folder: string, where: string, first: Ended, second: Ended): Promise<string[]> {
  if (first.signal !== "SIGKILL") return [`${where}: the process was not killed:\n${first.output}`];
  if (second.signal !== "SIGKILL") return [`${where}: the recovering process was not killed:\n${second.output}`];
  const acknowledged = new Set([...first.output.matchAll(/^ack (\d+ [0-9a-f]{32})$/gm)].map((match) => match[1]!));
  const faults = [...(await openAndCheck(folder, acknowledged)), ...checkFile(folder)];
  return faults.map((fault) => `${where}: ${fault}`);
}

async function openAndCheck(folder: string, acknowledged: ReadonlySet<string>): Promise<string[]> {
  const store = await openSqliteStore({ folder, macKey: macKey(CRASH_SECRET), freshEntities: 3 });
  try {
    return await findCrashFaults(store, acknowledged, ROUNDS);
  } finally {
    await store.close();
  }
}

function checkFile(folder: string): string[] {
  const report = verifyAudit(folder, macKey(CRASH_SECRET));
  const db = new DatabaseSync(join(folder, DATABASE_FILE), { readOnly: true });
  const integrity = String(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"]);
  db.close();
  return [...report.findings.map(describeFinding), ...(integrity === "ok" ? [] : [`SQLite says ${integrity}`])];
}

interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** Runs crash-child.ts to its end, under `wrapper` if one is given. */
function run(args: readonly string[], wrapper: readonly string[] = []): Promise<Ended> {
  const node = [process.execPath, "--conditions=source", "--disable-warning=ExperimentalWarning", CHILD, ...args];
  const [command, ...rest] = [...wrapper, ...node] as [string, ...string[]];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (_, signal) => resolve({ signal, output }));
  });
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { fromHex } from "@countersign/protocol";
import { CliWorld } from "../testing/cli.ts";
import { verifyFiles } from "./verify-files.ts";

interface Vector {
  readonly name: string;
  readonly lines: readonly string[];
  readonly because?: string;
  readonly kept?: string;
}

const path = join(import.meta.dirname, "../../../../core/protocol/vectors/audit-export.json");
const { accept, reject }: { accept: Vector[]; reject: Vector[] } = JSON.parse(readFileSync(path, "utf8"));
const folder = tempFolder();
/** Of the vectors: server id and public key of vectorKey(4). */
const SERVER_ID = "101112131415161718191a1b1c1d1e1f";
const CORE_KEY =
  "a5010203262001215820955baf57591a487d428bb6895cdf17ca768bfd2a652da481a7cef5127bd21af2" +
  "2258204b46827f03d1a51136f497bf85bafc354254f089f2bd6940ca85d2ffc79232c9";
const pinned = { serverId: SERVER_ID, publicKeys: [fromHex(CORE_KEY)] };

let world: CliWorld;
beforeEach(async () => {
  world = await CliWorld.open();
});
afterEach(() => world.close());

const inFile = (name: string, lines: readonly string[]): string =>
  world.write(join(folder, name), lines.map((line) => `${line}\n`).join(""));

async function run(...args: readonly string[]): ReturnType<CliWorld["run"]> {
  world.write(world.config, JSON.stringify({ ...world.settings(), serverId: SERVER_ID, coreKeys: [CORE_KEY] }));
  return world.run("audit", "verify", ...args);
}

test.each(accept)("holds: $name", async ({ lines }) => {
  const { code, out } = await run(inFile("export.jsonl", lines));
  expect([code, out]).toEqual([0, expect.stringContaining("audit verified against")]);
});

const TOLD: Readonly<Record<string, string>> = {
  "entry 7.2 altered": "shard 7: entry 2 is broken: its hash does not follow",
  "missing 7.2-2": "shard 7: entries 2 to 2 are missing",
  "missing 7.3-4": "shard 7: entries 3 to 4 are missing",
  "entry 7.3 out-of-order": "shard 7: entry 3 is broken: it stands twice",
  "entry 7.2 out-of-order": "shard 7: entry 2 is broken: it stands twice",
  "file 6": "line 6: the file ends here, before its last line: it was cut off",
  "entry 7.4 beyond": "shard 7: entry 4 is broken: the signed head does not have it",
  "part 6": "line 6: the lines before it are not those that the core signed",
  "fork 7.4": "forked: shard 7, entry 4: ",
  "file 1": "line 1: it is not the first line of an audit export",
};

test.each(reject)("exit 20 and its name: $name", async ({ lines, because = "", kept }) => {
  const heads = kept === undefined ? [] : ["--head", inFile("kept.jsonl", [kept])];
  const { code, out } = await run(inFile("export.jsonl", lines), ...heads);
  expect([code, out]).toEqual([20, expect.stringContaining(TOLD[because] ?? "no vector is for this")]);
});

test("with --json a program learns the shard, the entry and the reason", async () => {
  const { lines } = reject.find(({ name }) => name === "an entry edited")!;
  const ran = await run(inFile("export.jsonl", lines), "--json");
  expect(ran.code).toBe(20);
  const fault = { type: "entry", shard: 7, seq: 2, reason: "altered" };
  expect(ran.json()).toEqual([expect.objectContaining({ verified: false, faults: [expect.objectContaining(fault)] })]);
});

test("cut off at whatever byte it is named, but where only the end of its last line is gone", async () => {
  const bytes = Buffer.from(accept[0]!.lines.map((line) => `${line}\n`).join(""));
  const cuts = [...Array.from({ length: 60 }, (_, i) => Math.floor((i * bytes.length) / 60)), bytes.length - 2];
  for (const cut of cuts) {
    const file = world.write(join(folder, "cut.jsonl"), bytes.subarray(0, cut));
    const { ok, faults } = await verifyFiles({ files: [file], heads: [], pinned });
    expect([cut, ok]).toEqual([cut, false]);
    expect(faults.some(({ fault }) => fault.type === "file" && fault.why.includes("cut off"))).toBe(true);
  }
  const whole = world.write(join(folder, "cut.jsonl"), bytes.subarray(0, -1));
  expect((await verifyFiles({ files: [whole], heads: [], pinned })).ok).toBe(true);
});

test("what is no text, and a line that nobody keeps in memory, are lines that no core wrote", async () => {
  const [header = "", head = "", ...rest] = accept[0]!.lines;
  const long = "x".repeat(17 * 2 ** 20);
  const file = join(folder, "bytes.jsonl");
  const bytes = Buffer.concat([
    Buffer.from(`${header}\n${head}\n`),
    Buffer.from([0xff, 0xfe, 0x0a]),
    Buffer.from(`${long}\n`),
    Buffer.from(rest.map((line) => `${line}\n`).join("")),
  ]);
  const { faults } = await verifyFiles({ files: [world.write(file, bytes)], heads: [], pinned });
  expect(faults.map(({ fault }) => fault)).toEqual([{ type: "entry", shard: 7, seq: 1, reason: "form" }]);
});

test("an export behind a head goes on from the one before it, and a gap between two is named", async () => {
  const [whole, behind] = [accept[0]!, accept.find(({ name }) => name === "behind a head")!];
  expect((await run(inFile("one.jsonl", whole.lines), inFile("two.jsonl", behind.lines))).code).toBe(0);
  const empty = accept.find(({ name }) => name.startsWith("of an empty"))!;
  const { code, out } = await run(inFile("one.jsonl", empty.lines), inFile("two.jsonl", behind.lines));
  expect([code, out]).toEqual([20, expect.stringContaining("shard 7: entries 1 to 2 are missing")]);
});

test("heads alone are held against each other; what is none is named, not passed over", async () => {
  const forked = reject.find(({ name }) => name === "a history that was rewritten")!;
  const agree = await run("--head", inFile("heads.jsonl", [forked.kept!]));
  expect([agree.code, agree.out]).toEqual([0, expect.stringContaining("1 signed head")]);
  const both = await run("--head", inFile("heads.jsonl", [forked.kept!, forked.lines[1]!]));
  expect([both.code, both.out]).toEqual([20, expect.stringContaining("although it is the next number")]);
  const other = await run("--head", inFile("heads.jsonl", ["{}"]));
  expect([other.code, other.out]).toEqual([20, expect.stringContaining("line 1: it is not a signed head")]);
});

test("a file that is not there, and no file at all, are wrong usage", async () => {
  expect((await run(join(folder, "none.jsonl"))).code).toBe(2);
  expect((await run()).code).toBe(2);
});

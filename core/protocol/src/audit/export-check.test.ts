import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { vectorKey } from "../vector/fixture.ts";
import { hashAuditEntry } from "./audit-entry.ts";
import { describeAuditFault, type AuditFault } from "./audit-fault.ts";
import { ExportCheck, type ExportReport } from "./export-check.ts";
import { exportOf, forkOf, headOf, historyOf, opened, PINNED, TENANT, type ExportOptions } from "./export-fixture.ts";
import { entryLine, opaqueLine, readExportLine } from "./export-line.ts";
import { HeadBook } from "./head-book.ts";

const history = historyOf({ 3: 5, 7: 1, 900: 4 });
const whole = exportOf(history);
/** Lines before the first entry. */
const BEFORE = 2;

function check(lines: readonly string[], heads: readonly string[] = []): ExportReport {
  const book = new HeadBook();
  heads.forEach((line, i) => book.add({ name: `head ${i}`, head: opened(line) }));
  const checking = new ExportCheck(PINNED, book);
  for (const line of lines) checking.take(line);
  return checking.finish();
}

const told = (lines: readonly string[], heads: readonly string[] = []): string[] =>
  check(lines, heads).faults.map(describeAuditFault);

test.each<[string, ExportOptions]>([
  ["of the installation", {}],
  ["of a tenant", { tenant: TENANT }],
  ["behind a head", { base: headOf(historyOf({ 3: 2, 900: 4 })) }],
  ["of a tenant behind a head", { tenant: TENANT, base: headOf(historyOf({ 3: 2 })), partLines: 100 }],
])("an export %s that nobody touched holds", (_what, options) => {
  const report = check(exportOf(history, options), [headOf(historyOf({ 3: 3 }))]);
  expect(report).toMatchObject({ ok: true, faults: [], tenant: options.tenant ?? "" });
  const behind = options.base === undefined ? 0 : opened(options.base).heads.get(3)!.seq;
  expect(report.entries + report.opaque).toBe(options.base?.includes("[900") === true ? 4 : 10 - behind);
});

test("an empty history has an export, and it holds", () => {
  expect(check(exportOf(historyOf({})))).toMatchObject({ ok: true, entries: 0 });
});

describe("threat 27: each way to edit an export is named by its place", () => {
  const [third, fourth] = [whole[BEFORE + 2]!, whole[BEFORE + 3]!];
  test.each<[string, readonly string[], readonly string[]]>([
    ["content", edited(2, third.replace("user:3", "user:9")), ["shard 3: entry 3 is broken: its hash"]],
    ["its hash", edited(2, third.replace(/"hash":"../, '"hash":"00')), ["shard 3: entry 3 is broken: its hash"]],
    ["its form", edited(2, third.replace('"v":1', '"v": 1')), ["shard 3: entry 3 is broken: it is not in the form"]],
    ["another number", edited(2, third.replace('"seq":3', '"seq":33')), ["entry 3 is broken: another entry stands"]],
    ["garbage", edited(2, "garbage"), ["shard 3: entry 3 is broken: it is not in the form"]],
    ["deleted", whole.toSpliced(BEFORE + 2, 1), ["shard 3: entries 3 to 3 are missing"]],
    ["two deleted", whole.toSpliced(BEFORE + 1, 2), ["shard 3: entries 2 to 3 are missing"]],
    ["the last of a chain deleted", whole.toSpliced(BEFORE + 4, 1), ["shard 3: entries 5 to 5 are missing"]],
    ["a whole chain deleted", whole.toSpliced(BEFORE + 5, 1), ["shard 7: entries 1 to 1 are missing"]],
    ["twice", whole.toSpliced(BEFORE + 2, 0, third), ["shard 3: entry 3 is broken: it stands twice"]],
    ["twice, far apart", whole.toSpliced(BEFORE + 8, 0, third), ["shard 3: entry 3 is broken: it stands twice"]],
    ["swapped", whole.with(BEFORE + 2, fourth).with(BEFORE + 3, third), ["shard 3: entry 4 is broken: it stands"]],
    ["put in", whole.toSpliced(BEFORE + 5, 0, entryOf(3, 6)), ["shard 3: entry 6 is broken: the signed head does not"]],
    ["garbage behind all entries", whole.toSpliced(-1, 0, "x"), ["line 13: it is not a line of an export"]],
    ["cut off before its last line", whole.slice(0, -1), ["line 12: the file ends here, before its last line"]],
    ["cut off in a chain", whole.slice(0, BEFORE + 3), ["line 5: the file ends", "shard 3: entries 4", "7", "900"]],
    ["without its head", whole.toSpliced(1, 1), ["line 2: it is not a signed head"]],
    ["without its first line", whole.slice(1), ["line 1: it is not the first line"]],
    [
      "counted otherwise",
      whole.with(whole.length - 1, whole.at(-1)!.replace("10", "11")),
      ["line 13: it counts other entries"],
    ],
    ["gone on", [...whole, whole[BEFORE]!], ["line 14: something stands behind the last line"]],
    ["opaque where all is shown", edited(2, '{"opaque":[3,3,"00"]}'), ["shard 3: entry 3 is broken: it is not in"]],
  ])("%s", (_what, lines, faults) => {
    expect(told(lines)).toEqual(faults.map((fault) => expect.stringContaining(fault)));
  });
});

function edited(entry: number, line: string): string[] {
  return whole.with(BEFORE + entry, line);
}

function entryOf(shard: number, seq: number): string {
  const { hash, text } = historyOf({ [shard]: seq })
    .get(shard)!
    .at(-1)!;
  return entryLine(hash, text);
}

test("a head of another key, and one of another installation, open no export", () => {
  const forged = headOf(history, 1, undefined, vectorKey(5).sign);
  expect(told(whole.with(1, forged))).toEqual(["line 2: its signature is not one of the core's key"]);
});

function alteredWithItsHash(entry: number): string[] {
  const line = readExportLine(whole[BEFORE + entry]!);
  const before = entry === 0 ? new Uint8Array(32) : historyOf({ 3: entry }).get(3)!.at(-1)!.hash;
  const text = line?.type === "entry" ? line.text.replace("user:", "user:0") : "";
  return edited(entry, entryLine(hashAuditEntry(before, text), text));
}

test.each([
  [2, "shard 3: entry 4 is broken: its hash does not follow"],
  [4, "shard 3: entry 5 is broken: it is not the entry that"],
])("an entry that is altered with its hash is found by the next one, the last one by the head", (entry, fault) => {
  expect(told(alteredWithItsHash(entry))).toEqual([expect.stringContaining(fault)]);
});

describe("threat 27: a history that was rewritten under the core's own key is named by a head that was kept", () => {
  const other = forkOf(history, 2, { 3: 8, 7: 1, 900: 4 }, "rewritten");
  const kept = headOf(history, 4);

  test("the export holds by itself, and not against the head", () => {
    const lines = exportOf(other, { head: headOf(other, 9, kept) });
    expect(told(lines)).toEqual([]);
    const faults = check(lines, [kept]).faults;
    expect(faults).toEqual([
      expect.objectContaining({ type: "fork", shard: 3, seq: 5 }),
      expect.objectContaining({ type: "fork", shard: 900, seq: 4 }),
    ]);
  });

  test.each<[string, string, string]>([
    [
      "another entry at one place",
      headOf(forkOf(history, 2, {}, "x"), 5),
      "forked: shard 3, entry 5: a and b have different",
    ],
    ["fewer entries", headOf(historyOf({ 3: 4, 7: 1, 900: 4 }), 5), "forked: shard 3, entry 5: a has it, b does not"],
    ["a chain gone", headOf(historyOf({ 3: 5, 900: 4 }), 5), "forked: shard 7, entry 1: a has it, b does not"],
    ["one number twice", headOf(other, 4), "forked: shard 900, entry 4: a and b have different entries here"],
    [
      "one number twice, further on",
      headOf(historyOf({ 3: 9, 7: 1, 900: 4 }), 4),
      "forked: a and b are two heads of number 4",
    ],
    ["one that does not follow", headOf(historyOf({ 3: 9, 7: 1, 900: 4 }), 5), "forked: b does not follow a"],
    ["a seal without a number", headOf(forkOf(history, 2, {}, "x"), 0), "forked: shard 3, entry 5"],
  ])("heads alone: %s", (_what, line, fault) => {
    const book = new HeadBook();
    book.add({ name: "a", head: opened(kept) });
    book.add({ name: "a again", head: opened(kept) });
    book.add({ name: "b", head: opened(line) });
    expect(book.forks().map(describeAuditFault)).toEqual([expect.stringContaining(fault)]);
  });

  test("heads that follow each other, and one that was made by hand, agree", () => {
    const book = new HeadBook();
    const next = headOf(historyOf({ 3: 9, 7: 2, 8: 1, 900: 4 }), 5, kept);
    const last = headOf(historyOf({ 3: 9, 7: 2, 8: 1, 900: 5 }), 9);
    const byHand = headOf(historyOf({ 3: 7, 900: 4 }), 0);
    [last, kept, byHand, next].forEach((line, i) => book.add({ name: String(i), head: opened(line) }));
    expect(book.forks()).toEqual([]);
    expect(book.size).toBe(4);
  });
});

describe("of a tenant's export", () => {
  const lines = exportOf(history, { tenant: TENANT });
  const opaqueAt = lines.findIndex((line) => line.startsWith('{"opaque"'));
  const partAt = lines.findIndex((line) => line.startsWith('{"part"'));

  test("an entry altered with its hash in front of an opaque one, whose hash says nothing, is named by the part", () => {
    const before = readExportLine(lines[opaqueAt - 2]!);
    const line = readExportLine(lines[opaqueAt - 1]!);
    if (before?.type !== "entry" || line?.type !== "entry") throw new Error("the fixture is another");
    const text = line.text.replace("user:2", "user:0");
    const forged = entryLine(hashAuditEntry(before.hash, text), text);
    expect(told(lines.with(opaqueAt - 1, forged))).toEqual([
      `line ${partAt + 1}: the lines before it are not those that the core signed`,
    ]);
  });

  test("an opaque hash that is altered is named by the part and by the entry that follows", () => {
    const forged = lines.with(opaqueAt, opaqueLine({ shard: 3, seq: 3 }, new Uint8Array(32)));
    expect(told(forged)).toEqual([
      `line ${partAt + 1}: the lines before it are not those that the core signed`,
      expect.stringContaining("shard 3: entry 4 is broken: its hash does not follow"),
    ]);
  });

  test("parts cannot be left out, moved, or be of another tenant or head", () => {
    const gone = lines.toSpliced(2, partAt - 1);
    expect(told(gone)).toEqual(
      expect.arrayContaining([
        expect.stringContaining("entries 1 to 3 are missing"),
        expect.stringContaining("the lines before"),
      ]),
    );
    expect(told(lines.toSpliced(partAt, 1))[0]).toContain("the lines before it are not those that the core signed");
    expect(told(lines.with(0, lines[0]!.replace(TENANT, "f".repeat(32))))[0]).toContain("the lines before it");
    const older = exportOf(history, { tenant: TENANT, head: headOf(historyOf({ 3: 5 })) });
    expect(told(lines.with(partAt, older[partAt]!))[0]).toContain("the lines before it");
    expect(told(lines.toSpliced(-2, 1))[0]).toContain("the lines before it");
  });
});

type Edit = readonly ["edit" | "delete" | "swap" | "duplicate", number, number, number];

const placeOf = (line: string): string => {
  const [, seq, shard] = /"seq":(\d+),"shard":(\d+)/.exec(line) ?? [];
  return `${shard}.${seq}`;
};
const placesOf = (fault: AuditFault): string[] => {
  if (fault.type === "entry") return [`${fault.shard}.${fault.seq}`];
  return fault.type === "missing" && fault.firstSeq === fault.lastSeq ? [`${fault.shard}.${fault.firstSeq}`] : [];
};

/** Bytes of the line that are replaced, so that it is still JSON now and then. */
function damage(line: string, at: number): string {
  const place = at % line.length;
  const now = line[place] === "0" ? "1" : "0";
  return line.slice(0, place) + now + line.slice(place + 1);
}

function apply(lines: string[], [kind, one, other, at]: Edit): readonly [readonly string[], readonly string[]] {
  const entries = lines.length - BEFORE - 1;
  const [i, j] = [BEFORE + (one % entries), BEFORE + (other % entries)];
  const [line, second] = [lines[i]!, lines[j]!];
  switch (kind) {
    case "edit":
      return [lines.with(i, damage(line, at)), [placeOf(line)]];
    case "delete":
      return [lines.toSpliced(i, 1), [placeOf(line)]];
    case "duplicate":
      return [lines.toSpliced(j, 0, line), [placeOf(line)]];
    case "swap":
      return [lines.with(i, second).with(j, line), i === j ? [] : [placeOf(line), placeOf(second)]];
  }
}

test("whatever is done to one line of an export is named with its shard and number, and nothing else is", () => {
  const kind = fc.constantFrom<Edit[0]>("edit", "delete", "swap", "duplicate");
  const counts = fc.dictionary(fc.nat(1023).map(String), fc.integer({ min: 1, max: 6 }), { minKeys: 1, maxKeys: 4 });
  fc.assert(
    fc.property(counts, fc.tuple(kind, fc.nat(), fc.nat(), fc.nat()), (chains, edit) => {
      const lines = exportOf(historyOf(chains));
      const [changed, places] = apply(lines, edit);
      const named = check(changed).faults.flatMap((fault) => {
        const of = placesOf(fault);
        return of.length > 0 ? of : [describeAuditFault(fault)];
      });
      expect(named.every((place) => places.includes(place))).toBe(true);
      expect(named.length > 0).toBe(places.length > 0);
    }),
    { numRuns: 300 },
  );
});

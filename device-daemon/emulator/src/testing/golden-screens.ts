// Readable screens of the key in `screens/`. To write them anew and see what changed:
//   node --conditions=source device-daemon/emulator/src/testing/golden-screens.ts

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Content, encodeContent, Kind } from "@countersign/protocol";
import type { DisplaySize } from "../display/display-size.ts";
import { type Bench, enrolRequest, PIN, presentRequest, readyBench } from "./bench.ts";
import { bankSamples, KIND_SAMPLES, type Sample } from "./sample-contents.ts";

/** Where they lie. */
export const SCREENS: URL = new URL("../../screens/", import.meta.url);

/** The displays that are drawn. */
export const GOLDEN_SIZES: readonly DisplaySize[] = [
  { columns: 21, rows: 6 },
  { columns: 16, rows: 2 },
  { columns: 32, rows: 8 },
];

/** Longest line of a file, in characters. */
const LINE = 100;

type Rows = readonly string[];

/** Every file by its name, drawn now by a key that was asked over its reports. */
export function drawAll(): Readonly<Record<string, string>> {
  const samples = [...KIND_SAMPLES, ...bankSamples(SCREENS)];
  const files = samples.map((sample): [string, string] => [
    `${sample.name}.txt`,
    drawFile(titleOf(sample), (size) => transactionScreens(sample.content, size)),
  ]);
  return Object.fromEntries([
    ...files,
    ["a-round.txt", drawFile("PIN, wrong PIN, code, signed", roundScreens)],
    ["a-reject.txt", drawFile("A reject on the first page", rejectScreens)],
    ["an-enrolment.txt", drawFile("A new key with token digits typed on it", enrolmentScreens)],
    ["refused.txt", drawFile("A payee with a Cyrillic letter", refusedScreens)],
  ]);
}

/** The files as they lie there. */
export function readAll(): Readonly<Record<string, string>> {
  const names = readdirSync(SCREENS).filter((name) => name.endsWith(".txt"));
  return Object.fromEntries(names.map((name) => [name, readFileSync(new URL(name, SCREENS), "utf8")]));
}

/** Everything that the key shows for a transaction, up to where it asks for the PIN. */
export function transactionScreens(content: Content, size: DisplaySize): Rows[] {
  const { bench, keyId } = readyBench({ size });
  bench.request(bench.open(), presentRequest(keyId, { content: encodeContent(content), expiresInS: 600 }));
  const screens: Rows[] = [];
  while (bench.page() === "pages" || bench.page() === "link-warning") {
    screens.push(bench.rows());
    bench.press("ok");
  }
  return screens;
}

function roundScreens(size: DisplaySize): Rows[] {
  const { bench, keyId } = readyBench({ size });
  bench.request(bench.open(), presentRequest(keyId));
  while (bench.page() === "pages") bench.press("next");
  const pin = allOf(bench);
  bench.type("000000");
  const wrong = allOf(bench);
  bench.type(PIN);
  bench.press("4", "8", "2");
  const code = allOf(bench);
  bench.press("9", "1", "5", "ok");
  return [...pin, ...wrong, ...code, ...allOf(bench)];
}

function rejectScreens(size: DisplaySize): Rows[] {
  const { bench, keyId } = readyBench({ size });
  bench.request(bench.open(), presentRequest(keyId));
  bench.press("reject");
  const reasons = allOf(bench);
  bench.press("4");
  const chosen = bench.rows();
  bench.press("ok");
  return [...reasons, chosen, ...allOf(bench)];
}

function enrolmentScreens(size: DisplaySize): Rows[] {
  const { bench } = readyBench({ size });
  bench.request(bench.open(), enrolRequest({ serverName: "Bank Łódź", digits: true }));
  const name = allOf(bench);
  bench.confirm();
  bench.type(PIN);
  bench.press("7", "3", "1", "9", "0");
  return [...name, ...allOf(bench)];
}

function refusedScreens(size: DisplaySize): Rows[] {
  const { bench, keyId } = readyBench({ size });
  const lines = [{ label: 12 as const, value: "Bank" }];
  const bytes = encodeContent({ version: 1, issuer: "Acme Bank", kind: Kind.APPROVE, lines });
  // The Latin "a" of "Bank" becomes a Cyrillic one; a byte more in the text's length.
  const at = Buffer.from(bytes).lastIndexOf("Bank");
  const content = Uint8Array.from([
    ...bytes.slice(0, at - 1),
    0x65,
    0x42,
    0xd0,
    0xb0,
    0x6e,
    0x6b,
    ...bytes.slice(at + 4),
  ]);
  bench.request(bench.open(), presentRequest(keyId, { content }));
  return allOf(bench);
}

// Every screen of what the key shows now, back on the first one where it goes round.
function allOf(bench: Bench): Rows[] {
  const screens = [bench.rows()];
  for (;;) {
    const page = bench.page();
    bench.press("next");
    const rows = bench.rows();
    if (bench.page() !== page || screens.some((known) => known.join("\n") === rows.join("\n"))) return screens;
    screens.push(rows);
  }
}

function titleOf({ name, content }: Sample): string {
  return content.issuer === "Acme Bank" ? `Kind: ${name}` : `examples/bank/samples/${name.replace("bank-", "")}.xml`;
}

function drawFile(title: string, screens: (size: DisplaySize) => readonly Rows[]): string {
  const parts = GOLDEN_SIZES.map((size) => {
    const inLine = Math.max(1, Math.floor((LINE + 1) / (size.columns + 3)));
    const boxes = screens(size).map((rows) => boxOf(rows, size.columns));
    const bands = Array.from({ length: Math.ceil(boxes.length / inLine) }, (_, at) =>
      beside(boxes.slice(at * inLine, (at + 1) * inLine)),
    );
    return `${size.columns}x${size.rows}: ${boxes.length} ${boxes.length === 1 ? "screen" : "screens"}\n\n${bands.join("\n")}`;
  });
  return `${title}\n\n${parts.join("\n")}`;
}

function boxOf(rows: Rows, columns: number): string[] {
  const edge = "─".repeat(columns);
  return [`┌${edge}┐`, ...rows.map((row) => `│${row}│`), `└${edge}┘`];
}

function beside(boxes: readonly string[][]): string {
  return (boxes[0] ?? []).map((_, at) => `${boxes.map((box) => box[at]).join(" ")}\n`).join("");
}

/** Writes them, and prints what changed. */
function writeAll(): void {
  const drawn = drawAll();
  const before = mkdtempSync(join(tmpdir(), "screens-"));
  cpSync(SCREENS, before, { recursive: true });
  for (const name of Object.keys(readAll())) rmSync(new URL(name, SCREENS));
  for (const [name, text] of Object.entries(drawn)) writeFileSync(new URL(name, SCREENS), text);
  const changed = ["diff", "--no-index", "--", before, fileURLToPath(SCREENS)];
  const { stdout } = spawnSync("git", changed, { encoding: "utf8" });
  console.log(stdout === "" ? "nothing changed" : stdout);
  rmSync(before, { recursive: true });
}

if (import.meta.main) writeAll();

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromHex, verifyReceipt } from "@countersign/protocol";
import { ROOT } from "@countersign/testing/child";

const PYTHON = join(ROOT, ".peers/cose/bin/python");
const SCRIPT = join(ROOT, "examples/verify-receipt/verify_receipt.py");

/** Whether scripts/install-peers has put its libraries there. */
export function hasVerifier(): boolean {
  return existsSync(PYTHON);
}

export interface PinnedHex {
  readonly serverId: string;
  readonly publicKeys: readonly string[];
}

/** How many both take, how many both refuse, and where they differ. */
export interface Alike {
  readonly taken: number;
  readonly refused: number;
  readonly differ: readonly string[];
  /** Both refuse it, and each names another part. */
  readonly otherPart: readonly string[];
}

/** Holds the two verifiers against each other. Files are written below `folder`. */
export function judgeAlike(jsons: readonly Uint8Array[], pinned: PinnedHex, folder: string = tmpdir()): Alike {
  const place = mkdtempSync(folder.endsWith("-") ? folder : `${folder}-`);
  const files = jsons.map((json, i) => {
    const file = join(place, `${i}.json`);
    writeFileSync(file, json);
    return file;
  });
  const theirs = askPython(files, pinned);
  const core = { serverId: fromHex(pinned.serverId), publicKeys: pinned.publicKeys.map(fromHex) };
  const [differ, otherPart]: [string[], string[]] = [[], []];
  let taken = 0;
  jsons.forEach((json, i) => {
    const finding = verifyReceipt(Uint8Array.from(json), core);
    const ours = finding.ok ? "takes it" : `refuses ${finding.part}`;
    const isTaken = theirs[i] === "takes it";
    const both = `${files[i]}: ours ${ours}, theirs ${theirs[i]}`;
    if (finding.ok !== isTaken) differ.push(both);
    else if (finding.ok) taken += 1;
    else if (ours !== theirs[i]) otherPart.push(both);
  });
  return { taken, refused: jsons.length - taken - differ.length, differ, otherPart };
}

function askPython(files: readonly string[], { serverId, publicKeys }: PinnedHex): string[] {
  const keys = publicKeys.flatMap((key) => ["--core-key", key]);
  const lines = output([SCRIPT, "--server-id", serverId, ...keys, ...files])
    .trim()
    .split("\n");
  return lines.map((line) => {
    const told = JSON.parse(line) as { verified: boolean; part?: string };
    return told.verified ? "takes it" : `refuses ${told.part}`;
  });
}

/** It exits with 20 where one does not hold, and has told of each then too. */
function output(args: readonly string[]): string {
  try {
    return execFileSync(PYTHON, args, { encoding: "utf8" });
  } catch (error) {
    const { status, stdout } = error as { readonly status?: number; readonly stdout?: string };
    if (status === 20 && stdout !== undefined) return stdout;
    throw error;
  }
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Copies that are each spoilt in one place: bits over the whole file, then every member, its text and its form. */
export function spoiltCopies(json: Uint8Array, bits: number): Uint8Array[] {
  const flipped = Array.from({ length: bits }, (_, i) => {
    const at = Math.floor(((i + 0.5) * json.length) / bits);
    return Uint8Array.from(json, (byte, index) => (index === at ? byte ^ (1 << (i % 7)) : byte));
  });
  const text = new TextDecoder().decode(json);
  const members = [...text.matchAll(/"(\w+)": "([^"]*)"/g)];
  const changed = members.flatMap(({ 0: whole, 1: name = "", 2: value = "", index }) =>
    [
      `"${name}": ""`,
      `"${name}": null`,
      `"${name}": "${value}="`,
      `"${name}": "${value.toUpperCase()}"`,
      `"${name}": "${value.slice(0, -1)}${following(value.at(-1) ?? "")}"`,
      `"${name}": "${value}",\n  "${name}": "${value}"`,
    ]
      .filter((other) => other !== whole)
      .map((other) => text.slice(0, index) + other + text.slice(index + whole.length)),
  );
  const whole = [
    `${text} `,
    text.trimEnd(),
    `\uFEFF${text}`,
    text.replaceAll("\n", "\r\n"),
    `[${text}]`,
    text + text,
    "",
  ];
  return [...flipped, ...[...changed, ...whole].map((one) => new TextEncoder().encode(one))];
}

function following(character: string): string {
  return BASE64[(BASE64.indexOf(character) + 1) % BASE64.length] ?? "A";
}

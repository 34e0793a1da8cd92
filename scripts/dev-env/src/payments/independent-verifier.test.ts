// The verifier of examples/verify-receipt has nothing of ours in it: two programs that read one specification.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { hasVerifier, judgeAlike, spoiltCopies, type PinnedHex } from "./independent-verifier.ts";

interface Vector {
  readonly name: string;
  readonly json: string;
  readonly pinned: PinnedHex;
}

const path = join(ROOT, "core/protocol/vectors/receipt.json");
const { accept, reject }: { accept: Vector[]; reject: Vector[] } = JSON.parse(readFileSync(path, "utf8"));
const peerTest = testWith("cose", hasVerifier());
const folder = tempFolder();
const bytes = ({ json }: Vector): Uint8Array => new TextEncoder().encode(json);

peerTest("check 30: takes and refuses every vector as ours does, and names the same part", () => {
  const pins = new Map([...accept, ...reject].map(({ pinned }) => [JSON.stringify(pinned), pinned]));
  let [taken, refused] = [0, 0];
  for (const [id, pinned] of pins) {
    const fitting = [...accept, ...reject].filter((one) => JSON.stringify(one.pinned) === id);
    const alike = judgeAlike(fitting.map(bytes), pinned, join(folder, "vectors"));
    expect([...alike.differ, ...alike.otherPart]).toEqual([]);
    taken += alike.taken;
    refused += alike.refused;
  }
  expect([taken, refused]).toEqual([accept.length, reject.length]);
});

peerTest("check 30: spoilt copies of every good vector are refused by both, and they never differ", () => {
  const { pinned } = accept[0]!;
  const own = accept.filter((one) => JSON.stringify(one.pinned) === JSON.stringify(pinned));
  const spoilt = own.flatMap((one) => spoiltCopies(bytes(one), 50));
  const surrogate = own.find(({ json }) => json.includes('"approvals"'))!;
  spoilt.push(new TextEncoder().encode(surrogate.json.replace(/"user": "[^"]*"/, String.raw`"user": "\ud800"`)));
  expect(spoilt.length).toBeGreaterThan(1000);
  const { taken, refused, differ } = judgeAlike(spoilt, pinned, join(folder, "spoilt"));
  expect({ taken, refused, differ }).toEqual({ taken: 0, refused: spoilt.length, differ: [] });
});

peerTest("is one file of at most 200 lines", () => {
  const lines = readFileSync(join(ROOT, "examples/verify-receipt/verify_receipt.py"), "utf8").trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(200);
});

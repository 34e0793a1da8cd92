import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex, toHex, utf8 } from "./bytes.ts";
import { buildReceipt } from "./build-receipt.ts";
import { CORE_KEY_ID, flipped, vectorKey } from "./vector/fixture.ts";
import { type PinnedCore, verifyReceipt } from "./verify-receipt.ts";

interface Stored {
  readonly name: string;
  readonly json: string;
  readonly proof: string;
  readonly pinned: { readonly serverId: string; readonly publicKeys: readonly string[] };
}

const file: { accept: Stored[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../vectors/receipt.json"), "utf8"),
);
const { json: assertedJson } = file.accept.find(({ proof }) => proof === "assertion")!;
const { json, pinned } = file.accept[2]!; // with position and signed head
const bytes = utf8(json);
const core: PinnedCore = { serverId: fromHex(pinned.serverId), publicKeys: pinned.publicKeys.map(fromHex) };

describe("check 30: a receipt", () => {
  test("says what it verified", () => {
    const finding = verifyReceipt(bytes, core);
    expect(finding).toMatchObject({ ok: true, receipt: { state: "EXECUTED" }, content: { issuer: "Musterbank" } });
    expect(finding.ok && toHex(finding.statement.txId)).toBe(toHex(Uint8Array.from({ length: 16 }, (_, i) => 32 + i)));
  });

  test.each([
    { name: "of a statement", whole: bytes },
    { name: "of an assertion", whole: utf8(assertedJson) },
  ])("$name fails with one flipped bit in any byte, naming the part", ({ whole }) => {
    const wrong: string[] = [];
    for (let at = 0; at < whole.length; at++) {
      const changed = whole.slice();
      changed[at]! ^= 1 << (at % 8);
      const finding = verifyReceipt(changed, core);
      if (finding.ok || finding.why === "") wrong.push(`byte ${at}`);
    }
    expect(wrong).toEqual([]);
    expect(verifyReceipt(whole, core).ok).toBe(true);
  });

  test("of an assertion fails with one flipped bit in it even if the core countersigned that", () => {
    const whole = verifyReceipt(utf8(assertedJson), core);
    const { receipt } = whole as Extract<typeof whole, { ok: true }>;
    const parts = new Map<string, number>();
    for (let at = 0; at < receipt.signedStatement.length; at++) {
      const signedStatement = flipped(receipt.signedStatement, at, 1 << (at % 8));
      const finding = verifyReceipt(
        buildReceipt({ ...receipt, signedStatement }, CORE_KEY_ID, vectorKey(4).sign),
        core,
      );
      const part = finding.ok ? "accepted" : finding.part;
      parts.set(part, (parts.get(part) ?? 0) + 1);
    }
    expect(Object.fromEntries(parts)).toEqual({ signedStatement: receipt.signedStatement.length });
  });

  test("says how the key signed", () => {
    expect(verifyReceipt(bytes, core)).toMatchObject({ proof: { kind: "statement" } });
    expect(verifyReceipt(utf8(assertedJson), core)).toMatchObject({
      proof: { kind: "assertion", origin: "countersign:native", userVerified: true, backupEligible: false },
    });
  });

  test("names the member in which a character was changed", () => {
    const members = ["content", "signedStatement", "publicKey", "attestation", "head", "countersignature"];
    const parts = members.map((member) => {
      const at = json.indexOf(`"${member}": "`) + member.length + 5 + 20;
      const other = json[at] === "A" ? "B" : "A";
      const finding = verifyReceipt(utf8(json.slice(0, at) + other + json.slice(at + 1)), core);
      return finding.ok ? "accepted" : finding.part;
    });
    expect(parts).toEqual(["content", "signedStatement", "key", "key", "audit", "core"]);
  });

  test("whose user is no well-formed text is refused, and does not throw", () => {
    const approved = file.accept.find(({ json: one }) => one.includes('"approvals"'))!;
    const spoilt = approved.json.replace(/"user": "[^"]*"/, String.raw`"user": "\ud800"`);
    expect(spoilt).not.toBe(approved.json);
    expect(verifyReceipt(utf8(spoilt), core)).toMatchObject({ ok: false, part: "approvals" });
  });

  test("of more than 64 KiB, or of nothing, is refused without reading it", () => {
    expect(verifyReceipt(new Uint8Array(65_537).fill(0x20), core)).toMatchObject({ ok: false, part: "format" });
    expect(verifyReceipt(new Uint8Array(), core)).toMatchObject({ ok: false, part: "format" });
  });
});

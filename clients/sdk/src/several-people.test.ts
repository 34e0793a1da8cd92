import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { fromHex, toHex, utf8, verifyReceipt } from "@countersign/protocol";
import { ConfirmationClass } from "@countersign/proto/node/core/v1/confirmation_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { checkReceipt } from "./receipt-check.ts";
import { standingOfApp, standingOfClient } from "./standing.ts";
import { openTransaction } from "./transaction-view.ts";

const approval = { userId: "treasurer", transactionId: "", keyId: "", approvedAt: undefined };
const until = { seconds: 1_764_000_000n, nanos: 0 };
const partial = Transaction.create({
  ...{ state: State.PARTIAL, approvalsNeeded: 2, approvers: ["treasurer", "director"] },
  ...{ approvals: [approval], approveBy: until },
});

describe("where others have to confirm as well", () => {
  test("an app sees how many have, who is missing and until when; the key is asked no more", () => {
    expect(standingOfApp(partial)).toMatchObject({
      ...{ state: "PARTIAL", signed: true, confirmed: false, ending: undefined },
      approvals: { given: 1, needed: 2, missing: ["director"], until: new Date(1_764_000_000_000) },
    });
  });

  test("a client sees the numbers and no names", () => {
    const seen = { approvalsNeeded: 2, approvalsGiven: 1, approveBy: until };
    const standing = standingOfClient(ConfirmationClass.PARTIAL, [], seen);
    expect(standing).toMatchObject({ state: "PARTIAL", signed: true, confirmed: false, ending: undefined });
    expect(standing.approvals).toMatchObject({ given: 1, needed: 2, missing: [] });
  });

  test("an approval is over once it is given", () => {
    const given = standingOfApp(Transaction.create({ state: State.APPROVED }));
    expect([given.ending, given.confirmed]).toEqual([{ state: "APPROVED" }, false]);
    expect(standingOfClient(ConfirmationClass.APPROVED).ending).toEqual({ state: "APPROVED" });
  });

  test("who alone confirms has nobody to wait for", () => {
    expect(standingOfApp(Transaction.create({ state: State.CONFIRMED })).approvals).toBeUndefined();
  });
});

interface Vector {
  readonly name: string;
  readonly json: string;
  readonly pinned: { readonly serverId: string; readonly publicKeys: readonly string[] };
}
const path = new URL("../../../core/protocol/vectors/receipt.json", import.meta.url);
const { accept }: { accept: Vector[] } = JSON.parse(readFileSync(path, "utf8"));

/** What a client says of a receipt of the vectors, where the core announced so many approvals. */
async function outcome(name: string, approvalsNeeded: number): Promise<string> {
  const { json, pinned } = accept.find((one) => one.name === name)!;
  const core = { serverId: pinned.serverId, publicKeys: pinned.publicKeys.map(fromHex) };
  const finding = verifyReceipt(utf8(json), { ...core, serverId: fromHex(core.serverId) });
  if (!finding.ok) throw new Error(finding.why);
  const { receipt, content } = finding;
  const open = openTransaction({
    ...{ transactionId: toHex(receipt.txId), serverId: core.serverId, nonce: new Uint8Array(32), kind: content.kind },
    ...{ contentVersion: 1, issuerName: "", lines: [...content.lines], tag: "", mode: 2, approvalsNeeded },
  });
  const checked = await checkReceipt(async () => utf8(json), { open, own: content.lines, signed: undefined }, core);
  return checked.state;
}

describe("a receipt", () => {
  test.each([
    ["confirmed by two others as well", 2, "EXECUTED"],
    ["confirmed by two others as well", 3, "RECEIPT_UNVERIFIED"],
    ["executed, audit pending", 1, "RECEIPT_UNVERIFIED"],
    ["executed, audit pending", 0, "EXECUTED"],
  ])("%s, where %d had to: %s", async (name, needed, state) => {
    expect(await outcome(name, needed)).toBe(state);
  });
});

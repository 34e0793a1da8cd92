import { readFileSync } from "node:fs";
import { fromHex, receiptNumberOf, toHex, txDigestOf, verifyReceipt } from "@countersign/protocol";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { linesJson, linesText } from "../output/transaction-text.ts";
import { pinnedOf, type CommandGiven } from "../session.ts";

/** `countersign verify RECEIPT`: offline, against the core keys of the set-up. Exit 20 names the part that fails. */
export function verifyCommand(file: string, { settings, terminal }: CommandGiven): ExitCode {
  const { serverId, publicKeys } = pinnedOf(settings);
  let json: Uint8Array;
  try {
    json = Uint8Array.from(readFileSync(file));
  } catch (error) {
    throw refused(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const finding = verifyReceipt(json, { serverId: fromHex(serverId), publicKeys });
  if (!finding.ok) {
    terminal.record({ verified: false, part: finding.part, why: finding.why });
    terminal.result(
      `  ${terminal.sign("failed")} ${printable(`${file} does not verify: ${finding.part}: ${finding.why}`)}`,
    );
    return ExitCode.UNVERIFIED;
  }
  const { receipt, content, proof, approvers } = finding;
  const name = receiptNumberOf(receipt.txId, txDigestOf(receipt.content));
  const { state, time, audit } = receipt;
  const transactionId = toHex(receipt.txId);
  const auditText =
    audit === "pending" ? "audit position pending" : `audit entry ${audit.epoch}.${audit.seq} of shard ${audit.shard}`;
  terminal.record({
    verified: true,
    receipt: name,
    state,
    time,
    transactionId,
    issuer: content.issuer,
    lines: linesJson(content.lines),
    proof: proof.kind,
    ...(receipt.approvals === undefined ? {} : { approvers: approvers.map(({ user }) => user) }),
  });
  terminal.result(`  ${terminal.sign("done")} receipt ${name} verified: ${state} ${time}, ${auditText}`);
  terminal.result(printable(`  ${content.issuer} · ${transactionId} · signed by key ${toHex(receipt.key.keyId)}`));
  for (const { user, keyId, proof: theirs } of approvers) {
    const weaker = theirs.kind === "assertion" ? ", weaker: with a FIDO2 key" : "";
    terminal.result(printable(`  approved by ${user} with key ${toHex(keyId)}${weaker}`));
  }
  if (proof.kind === "assertion") {
    const copied = proof.backupEligible ? ", with a credential that may be copied to other devices" : "";
    terminal.result(printable(`  weaker: the code was typed on the PC and the key showed nothing (FIDO2)${copied}`));
  }
  for (const line of linesText(content.lines, terminal.style.plain)) terminal.result(`  ${line}`);
  return ExitCode.DONE;
}

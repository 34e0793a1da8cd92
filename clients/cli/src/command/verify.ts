import { fromHex, receiptNumberOf, toHex, txDigestOf, verifyReceipt, type PinnedCore } from "@countersign/protocol";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { linesJson, linesText } from "../output/transaction-text.ts";
import { receiptsAt, type ReadReceipt } from "../receipt/receipt-files.ts";
import type { Verified } from "../receipt/receipt-page.ts";
import { pinnedOf, type CommandGiven } from "../session.ts";

/**
 * `countersign verify FILE…`: offline, against the core keys of the set-up; a folder stands for every `.json` file in it.
 * Exit 20 where one does not hold, each named with the part that fails; else 2 where one cannot be read.
 */
export function verifyCommand(paths: readonly string[], given: CommandGiven): ExitCode {
  const { terminal } = given;
  const pinned = pinnedCore(given);
  const read = receiptsAt(paths);
  const [first] = read;
  if (read.length === 1 && first !== undefined && "unread" in first) throw refused(`${first.file}: ${first.unread}`);
  const codes = read.map((one) => judge(one, pinned, read.length > 1, given));
  const good = codes.filter((code) => code === ExitCode.DONE).length;
  if (codes.length > 1) {
    terminal.record({ files: codes.length, verified: good });
    terminal.result(
      `  ${terminal.sign(good === codes.length ? "done" : "failed")} ${good} of ${codes.length} verified`,
    );
  }
  if (codes.includes(ExitCode.UNVERIFIED)) return ExitCode.UNVERIFIED;
  return codes.find((code) => code !== ExitCode.DONE) ?? ExitCode.DONE;
}

/** What is pinned, as the verifier wants it. */
export function pinnedCore({ settings }: CommandGiven): PinnedCore {
  const { serverId, publicKeys } = pinnedOf(settings);
  return { serverId: fromHex(serverId), publicKeys };
}

/** `brief`: one of several, in one line. */
function judge(read: ReadReceipt, pinned: PinnedCore, brief: boolean, { terminal }: CommandGiven): ExitCode {
  const { file } = read;
  if ("unread" in read) {
    terminal.record({ file, verified: false, unread: read.unread });
    terminal.result(`  ${terminal.sign("failed")} ${printable(`${file} cannot be read: ${read.unread}`)}`);
    return ExitCode.REFUSED_INPUT;
  }
  const finding = verifyReceipt(read.json, pinned);
  if (!finding.ok) {
    terminal.record({ file, verified: false, part: finding.part, why: finding.why });
    terminal.result(
      `  ${terminal.sign("failed")} ${printable(`${file} does not verify: ${finding.part}: ${finding.why}`)}`,
    );
    return ExitCode.UNVERIFIED;
  }
  tell(file, finding, brief, terminal);
  return ExitCode.DONE;
}

function tell(file: string, found: Verified, brief: boolean, terminal: CommandGiven["terminal"]): void {
  const { receipt, content, proof, approvers } = found;
  const name = receiptNumberOf(receipt.txId, txDigestOf(receipt.content));
  const { state, time } = receipt;
  const transactionId = toHex(receipt.txId);
  const people = receipt.approvals === undefined ? {} : { approvers: approvers.map(({ user }) => user) };
  terminal.record({
    ...{ file, verified: true, receipt: name, state, time, transactionId, issuer: content.issuer },
    ...{ lines: linesJson(content.lines), proof: proof.kind, ...people },
  });
  const place = brief ? printable(`${file}: `) : "";
  terminal.result(`  ${terminal.sign("done")} ${place}receipt ${name} verified: ${state} ${time}, ${auditText(found)}`);
  if (!brief) for (const line of detailsOf(found, transactionId)) terminal.result(printable(`  ${line}`));
  if (proof.kind === "assertion") {
    const copied = proof.backupEligible ? ", with a credential that may be copied to other devices" : "";
    terminal.result(printable(`  weaker: the code was typed on the PC and the key showed nothing (FIDO2)${copied}`));
  }
  if (!brief) for (const line of linesText(content.lines, terminal.style.plain)) terminal.result(`  ${line}`);
}

function auditText({ receipt: { audit } }: Verified): string {
  if (audit === "pending") return "audit position pending";
  return `audit entry ${audit.epoch}.${audit.seq} of shard ${audit.shard}`;
}

function detailsOf({ receipt, content, approvers }: Verified, transactionId: string): string[] {
  const signer = `${content.issuer} · ${transactionId} · signed by key ${toHex(receipt.key.keyId)}`;
  const others = approvers.map(({ user, keyId, proof }) => {
    const weaker = proof.kind === "assertion" ? ", weaker: with a FIDO2 key" : "";
    return `approved by ${user} with key ${toHex(keyId)}${weaker}`;
  });
  return [signer, ...others];
}

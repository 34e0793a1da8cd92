// What an audit export says against itself or against heads that were signed. docs/protocol/audit.md section 8.

/** Why an entry is broken. Closed: stands in --json. */
export type EntryFaultReason =
  | "altered" // its hash does not follow from the entry before it and its content
  | "form" // its line, or its text, is not what a core writes
  | "replaced" // another entry stands in its place
  | "out-of-order" // it stands where another one belongs, or twice
  | "beyond" // no head has it
  | "not-the-sealed"; // the signed head that the export ends at has another one here

/** One thing that is wrong. Of each shard the first one alone: what follows it may be its consequence. */
export type AuditFault =
  | { readonly type: "entry"; readonly shard: number; readonly seq: number; readonly reason: EntryFaultReason }
  | { readonly type: "missing"; readonly shard: number; readonly firstSeq: number; readonly lastSeq: number }
  /** Two histories were signed, or one was signed and another is exported. */
  | {
      readonly type: "fork";
      readonly shard: number | undefined;
      readonly seq: number | undefined;
      readonly why: string;
    }
  /** A run of lines in a tenant's export is not what the core signed. */
  | { readonly type: "part"; readonly line: number }
  /** The file is no export of this installation, or not all of it. */
  | { readonly type: "file"; readonly line: number; readonly why: string };

const REASON: Readonly<Record<EntryFaultReason, string>> = {
  altered: "its hash does not follow from the entry before it and its content",
  form: "it is not in the form that a core writes",
  replaced: "another entry stands in its place",
  "out-of-order": "it stands twice, or where another one belongs",
  beyond: "the signed head does not have it",
  "not-the-sealed": "it is not the entry that the signed head ends with",
};

/** One line for a person. */
export function describeAuditFault(fault: AuditFault): string {
  switch (fault.type) {
    case "entry":
      return `shard ${fault.shard}: entry ${fault.seq} is broken: ${REASON[fault.reason]}`;
    case "missing":
      return `shard ${fault.shard}: entries ${fault.firstSeq} to ${fault.lastSeq} are missing`;
    case "fork":
      return fault.shard === undefined
        ? `forked: ${fault.why}`
        : `forked: shard ${fault.shard}, entry ${fault.seq}: ${fault.why}`;
    case "part":
      return `line ${fault.line}: the lines before it are not those that the core signed`;
    case "file":
      return `line ${fault.line}: ${fault.why}`;
  }
}

/** What one line is about. Numbers of registry version 1, equal to those of countersign.core.v1.Label. */
export const Label = {
  AMOUNT: 1,
  TO: 2,
  ACCOUNT: 3,
  BANK: 4,
  REFERENCE: 5,
  DATE: 6,
  FROM: 7,
  FEE: 8,
  TOTAL: 9,
  COUNT: 10,
  PAYMENT: 11,
  ACTION: 12,
  TARGET: 13,
  VERSION: 14,
  HOST: 15,
  USER: 16,
  COMMAND: 17,
  ARGUMENT: 18,
  DIRECTORY: 19,
  FILE: 20,
  ENVIRONMENT: 21,
  ROLE: 22,
  ADDRESS: 23,
  NETWORK: 24,
  LIMIT: 25,
  VALID_UNTIL: 26,
  PURPOSE: 27,
  DIGEST: 28,
  CHANNEL: 29,
  REPEAT: 30,
  DETAIL_1: 41,
  DETAIL_2: 42,
  DETAIL_3: 43,
  DETAIL_4: 44,
  DETAIL_5: 45,
  DETAIL_6: 46,
  DETAIL_7: 47,
  DETAIL_8: 48,
} as const;
/** A number of the registry. */
export type Label = (typeof Label)[keyof typeof Label];

/** How a label's value is written; `ascii` is text of printable ASCII. */
export type ValueType = "text" | "ascii" | "amount" | "account" | "payment" | "date" | "count" | "digest";

interface LabelRow {
  readonly name: string;
  readonly type: ValueType;
}

const ROWS: Readonly<Record<Label, LabelRow>> = {
  [Label.AMOUNT]: { name: "Amount", type: "amount" },
  [Label.TO]: { name: "To", type: "text" },
  [Label.ACCOUNT]: { name: "Account", type: "account" },
  [Label.BANK]: { name: "Bank", type: "text" },
  [Label.REFERENCE]: { name: "Reference", type: "text" },
  [Label.DATE]: { name: "Date", type: "date" },
  [Label.FROM]: { name: "From", type: "account" },
  [Label.FEE]: { name: "Fee", type: "amount" },
  [Label.TOTAL]: { name: "Total", type: "amount" },
  [Label.COUNT]: { name: "Count", type: "count" },
  [Label.PAYMENT]: { name: "Payment", type: "payment" },
  [Label.ACTION]: { name: "Action", type: "text" },
  [Label.TARGET]: { name: "Target", type: "ascii" },
  [Label.VERSION]: { name: "Version", type: "ascii" },
  [Label.HOST]: { name: "Host", type: "ascii" },
  [Label.USER]: { name: "User", type: "ascii" },
  [Label.COMMAND]: { name: "Command", type: "ascii" },
  [Label.ARGUMENT]: { name: "Argument", type: "ascii" },
  [Label.DIRECTORY]: { name: "Directory", type: "ascii" },
  [Label.FILE]: { name: "File", type: "text" },
  [Label.ENVIRONMENT]: { name: "Environment", type: "ascii" },
  [Label.ROLE]: { name: "Role", type: "text" },
  [Label.ADDRESS]: { name: "Address", type: "ascii" },
  [Label.NETWORK]: { name: "Network", type: "ascii" },
  [Label.LIMIT]: { name: "Limit", type: "amount" },
  [Label.VALID_UNTIL]: { name: "Valid until", type: "date" },
  [Label.PURPOSE]: { name: "Purpose", type: "text" },
  [Label.DIGEST]: { name: "Digest", type: "digest" },
  [Label.CHANNEL]: { name: "Channel", type: "ascii" },
  [Label.REPEAT]: { name: "Repeat", type: "ascii" },
  [Label.DETAIL_1]: { name: "Detail 1", type: "text" },
  [Label.DETAIL_2]: { name: "Detail 2", type: "text" },
  [Label.DETAIL_3]: { name: "Detail 3", type: "text" },
  [Label.DETAIL_4]: { name: "Detail 4", type: "text" },
  [Label.DETAIL_5]: { name: "Detail 5", type: "text" },
  [Label.DETAIL_6]: { name: "Detail 6", type: "text" },
  [Label.DETAIL_7]: { name: "Detail 7", type: "text" },
  [Label.DETAIL_8]: { name: "Detail 8", type: "text" },
};

const KNOWN: ReadonlySet<number> = new Set(Object.values(Label));

// Every other label appears at most once: a second "amount" could hide the first on another page.
const REPEATABLE: ReadonlySet<number> = new Set<Label>([
  Label.REFERENCE,
  Label.FEE,
  Label.TOTAL,
  Label.PAYMENT,
  Label.ARGUMENT,
  Label.FILE,
  Label.ENVIRONMENT,
  Label.ROLE,
]);

// Beside payment lines these belong to the group or payment they stand with, so they come again with the next one.
const REPEATABLE_IN_BATCH: ReadonlySet<number> = new Set<Label>([
  Label.FROM,
  Label.DATE,
  Label.BANK,
  Label.PURPOSE,
  Label.DETAIL_1,
  Label.DETAIL_2,
]);

/** Whether this registry has the number. */
export function isLabel(label: number): label is Label {
  return KNOWN.has(label);
}

/** English name, for logs and for surfaces without a catalogue of their own. */
export function labelName(label: Label): string {
  return ROWS[label].name;
}

/** The type of value that the label takes. */
export function valueTypeOf(label: Label): ValueType {
  return ROWS[label].type;
}

/** Whether content may hold several lines with this label; in a batch, payment by payment, a few more may come again. */
export function isRepeatable(label: Label, inBatch: boolean = false): boolean {
  return REPEATABLE.has(label) || (inBatch && REPEATABLE_IN_BATCH.has(label));
}

/** Whether only the core sets it (`channel`, `repeat`): an app that sends it is refused with `reserved-label`. */
export function isReservedLabel(label: Label): boolean {
  return label === Label.CHANNEL || label === Label.REPEAT;
}

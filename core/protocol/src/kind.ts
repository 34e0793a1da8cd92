import { Label } from "./label.ts";

/** What the user is asked to do. Numbers of registry version 1, equal to those of countersign.core.v1.Kind. */
export const Kind = {
  PAY: 1,
  TRANSFER: 2,
  DEPLOY: 3,
  RUN: 4,
  GRANT: 5,
  LOGIN: 6,
  SIGN: 7,
  APPROVE: 8,
  LINK: 32,
  UNLINK: 33,
  ENROL: 34,
  REVOKE: 35,
  THAW: 36,
  ADMIN: 37,
} as const;
/** A number of the registry. */
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Version of the registry of kinds and labels. A key states its own at enrolment; new numbers raise it. */
export const REGISTRY_VERSION = 1;

interface KindRow {
  readonly name: string;
  /** Created and executed by the core alone. */
  readonly core: boolean;
  readonly required: readonly (readonly Label[])[];
}

const L = Label;
const ROWS: Readonly<Record<Kind, KindRow>> = {
  [Kind.PAY]: {
    name: "Pay",
    core: false,
    required: [
      [L.AMOUNT, L.TO, L.ACCOUNT],
      [L.PAYMENT, L.TOTAL, L.COUNT],
    ],
  },
  [Kind.TRANSFER]: { name: "Transfer", core: false, required: [[L.AMOUNT, L.ACCOUNT]] },
  [Kind.DEPLOY]: { name: "Deploy", core: false, required: [[L.TARGET, L.VERSION, L.DIGEST]] },
  [Kind.RUN]: { name: "Run", core: false, required: [[L.HOST, L.COMMAND, L.DIGEST]] },
  [Kind.GRANT]: {
    name: "Grant",
    core: false,
    required: [
      [L.ROLE, L.USER],
      [L.ROLE, L.TO],
    ],
  },
  [Kind.LOGIN]: { name: "Log in", core: false, required: [[L.HOST], [L.TARGET]] },
  [Kind.SIGN]: { name: "Sign", core: false, required: [[L.PURPOSE, L.DIGEST]] },
  [Kind.APPROVE]: { name: "Approve", core: false, required: [[L.ACTION]] },
  [Kind.LINK]: { name: "Link", core: true, required: [[L.CHANNEL, L.ADDRESS]] },
  [Kind.UNLINK]: { name: "Unlink", core: true, required: [[L.CHANNEL]] },
  [Kind.ENROL]: { name: "Enrol key", core: true, required: [[L.PURPOSE], [L.DETAIL_1]] },
  [Kind.REVOKE]: { name: "Revoke key", core: true, required: [[L.PURPOSE], [L.DETAIL_1]] },
  [Kind.THAW]: { name: "Thaw", core: true, required: [[L.ACTION], [L.PURPOSE]] },
  [Kind.ADMIN]: { name: "Administer", core: true, required: [[L.ACTION]] },
};

const KNOWN: ReadonlySet<number> = new Set(Object.values(Kind));

/** Whether this registry has the number. */
export function isKind(kind: number): kind is Kind {
  return KNOWN.has(kind);
}

/** English name, for logs and for surfaces without a catalogue of their own. */
export function kindName(kind: Kind): string {
  return ROWS[kind].name;
}

/** Whether the kind is for the core alone: an app that asks for it is refused with `reserved-kind`. */
export function isCoreKind(kind: Kind): boolean {
  return ROWS[kind].core;
}

/** Alternatives: content of this kind has every label of at least one of the rows (docs/protocol/content.md section 2). */
export function requiredLabels(kind: Kind): readonly (readonly Label[])[] {
  return ROWS[kind].required;
}

import type { HexId } from "../../core/server/src/store/entity.ts";
import type { Issue, Transaction } from "../../core/server/src/transaction/transaction.ts";
import type { Person } from "./people.ts";

/** A statement that some key really signed, and what its owner typed and saw. */
export interface Made {
  readonly person: Person;
  readonly keyId: HexId;
  readonly txId: HexId;
  readonly txDigest: Uint8Array;
  readonly approves: boolean;
  readonly counter: number;
  /** undefined: none. */
  readonly code: string | undefined;
}

/** Something that somebody was told, and that therefore stays so. */
export interface Promised {
  readonly what: string;
  readonly holds: (life: Life) => boolean;
}

/** One transaction, as seen from outside. */
export interface Life {
  readonly bodies: Transaction[];
  readonly promised: Promised[];
  /** Statements whose try was counted, with the issue that was current then. */
  readonly counted: Map<string, Issue>;
  /** Of these, those that got their try back because the core itself had taken the code back. */
  readonly forgiven: Set<string>;
  readonly verdicts: Map<string, string>;
  readonly answers: Map<string, string>;
  readonly codes: Set<string>;
  /** Effects at a ledger that knows transactions by id count once. */
  effects: number;
  keyedEffects: number;
}

export function newLife(): Life {
  return {
    ...{ bodies: [], promised: [], counted: new Map(), forgiven: new Set(), verdicts: new Map() },
    ...{ answers: new Map(), codes: new Set(), effects: 0, keyedEffects: 0 },
  };
}

/** What was seen so far, for two that go on apart. */
export function copyOfLife(life: Life): Life {
  return {
    ...life,
    ...{ bodies: [...life.bodies], promised: [...life.promised], codes: new Set(life.codes) },
    ...{ counted: new Map(life.counted), forgiven: new Set(life.forgiven) },
    ...{ verdicts: new Map(life.verdicts), answers: new Map(life.answers) },
  };
}

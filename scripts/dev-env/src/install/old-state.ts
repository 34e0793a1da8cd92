// What an installation of an earlier version is left with: its folders, and what those who use it know.
import type { Installation } from "../installation.ts";
import type { SavedKey } from "../scenarios/soft-key.ts";

/** Who there is, and who approves the others' large payments. */
export const PEOPLE = ["clerk", "treasurer", "director"] as const;

/** Where they see their chats. */
export function phonesIn({ phoneOf }: Pick<Installation, "phoneOf">): Readonly<Record<string, string>> {
  return Object.fromEntries(PEOPLE.map((userId, at) => [userId, phoneOf(String(7000 + at))]));
}

/** From this amount on (EUR, minor units) two others approve. */
export const LARGE = "1000000";

/** Of the tenant; as long as it may be, for machines that are busy. */
export const POLICY: Readonly<Record<string, unknown>> = {
  lifetimeS: 600,
  approvers: [
    { kinds: ["PAY"], from: [{ currency: "EUR", minorUnits: LARGE }], users: ["treasurer", "director"], needed: 2 },
  ],
};

/** Of the installation, by which it was left. Ids are of transactions in the state that the name says. */
export interface OldState {
  /** The commit whose core made it. */
  readonly commit: string;
  /** Its PRAGMA user_version. */
  readonly schema: number;
  /** Unix milliseconds when it was left. */
  readonly leftAt: number;
  readonly keys: Readonly<Record<(typeof PEOPLE)[number], SavedKey>>;
  /** The code had been shown. */
  readonly pending: { readonly id: string; readonly code: string };
  /** The bot was away: its message waits to be sent. */
  readonly unsent: string;
  /** The treasurer has approved, the director has not; his code had not been asked for. */
  readonly partial: string;
  readonly confirmed: string;
  /** Begun under this lease, and not reported. */
  readonly executing: { readonly id: string; readonly fence: string };
  readonly executed: { readonly id: string; readonly fence: string };
}

import { type ReadonlySignal, signal } from "@preact/signals";

/** An administrator who is logged in, in this tab. */
export interface Session {
  readonly adminId: string;
  /** cs_admin_…: the bearer of every call. */
  readonly token: string;
  /** Unix milliseconds at which the core ends it; absent: it did not say. */
  readonly until?: number | undefined;
}

/** Why there is no session any more. */
export type SessionEnd =
  /** He logged out here. */
  | "left"
  /** Nothing was done in this tab for a while. */
  | "idle"
  /** Its time was over. */
  | "expired"
  /** The core knows its token no more: ended elsewhere, or its holder was disabled. */
  | "ended";

const PLACE = "countersign.session";
const current = signal<Session | undefined>(undefined);
const end = signal<SessionEnd | undefined>(undefined);

/** Who is logged in in this tab; undefined: nobody. */
export const session: ReadonlySignal<Session | undefined> = current;

/** Why nobody is, if somebody was. */
export const sessionEnd: ReadonlySignal<SessionEnd | undefined> = end;

/** Takes up what this tab had before it was loaded anew. sessionStorage is the tab's own, and ends with it. */
export function resumeSession(storage: Storage): void {
  const kept = parse(storage.getItem(PLACE));
  if (kept !== undefined) current.value = kept;
}

/** Begins a session; reloading the tab keeps it. */
export function beginSession(begun: Session, storage: Storage): void {
  storage.setItem(PLACE, JSON.stringify(begun));
  end.value = undefined;
  current.value = begun;
}

/** Forgets the token. `now` in Unix milliseconds tells an end by time from others. */
export function endSession(why: "left" | "idle" | "refused", storage: Storage, now: number): void {
  const { until } = current.value ?? {};
  storage.removeItem(PLACE);
  end.value = why !== "refused" ? why : until !== undefined && until <= now ? "expired" : "ended";
  current.value = undefined;
}

function parse(text: string | null): Session | undefined {
  if (text === null) return undefined;
  try {
    const { adminId, token, until } = JSON.parse(text) as Record<string, unknown>;
    if (typeof adminId !== "string" || typeof token !== "string") return undefined;
    return { adminId, token, until: typeof until === "number" ? until : undefined };
  } catch {
    return undefined;
  }
}

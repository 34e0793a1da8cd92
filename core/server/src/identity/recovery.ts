// A way back for who lost his last key: asked for by one app, agreed to by another, held, and then good for one key.
// Pure; recovery.test.ts is its whole matrix. docs/protocol/recovery.md
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId, UnixMs } from "../store/entity.ts";

/** Two people who are at work agree within a day. */
export const AGREE_WITHIN_MS: number = 24 * 3_600_000;
/** Whom it is for comes by within a week. */
export const USE_WITHIN_MS: number = 7 * 24 * 3_600_000;

interface Asked {
  readonly recoveryId: HexId;
  readonly reason: string;
  readonly askedBy: HexId;
  readonly askedAt: UnixMs;
  /** Unused by then it lapses. */
  readonly expiresAt: UnixMs;
}

interface Approval {
  readonly approvedBy: HexId;
  /** End of the hold. */
  readonly readyAt: UnixMs;
}

/** As it is stored. READY and LAPSED are what time makes of it: nobody has to come by for that. */
export type Recovery = Asked &
  (
    | { readonly state: "REQUESTED" }
    | ({ readonly state: "HELD" } & Approval)
    | { readonly state: "STOPPED"; readonly at: UnixMs; readonly approval?: Approval }
    | ({ readonly state: "USED"; readonly at: UnixMs; readonly keyId: HexId } & Approval)
  );

export type RecoveryStanding = Recovery["state"] | "READY" | "LAPSED";

export type RecoveryEvent =
  /** `holdMs`: of the tenant's policy, at this moment. */
  | { readonly type: "approved"; readonly by: HexId; readonly holdMs: number }
  | { readonly type: "stopped" }
  /** The new key becomes active. */
  | { readonly type: "used"; readonly keyId: HexId };

export function standingOf(recovery: Recovery, now: UnixMs): RecoveryStanding {
  if (recovery.state === "STOPPED" || recovery.state === "USED") return recovery.state;
  if (now >= recovery.expiresAt) return "LAPSED";
  return recovery.state === "HELD" && now >= recovery.readyAt ? "READY" : recovery.state;
}

/** Neither used nor over. */
export function isLive(recovery: Recovery, now: UnixMs): boolean {
  const standing = standingOf(recovery, now);
  return standing === "REQUESTED" || standing === "HELD" || standing === "READY";
}

/** Neither used nor stopped; that it lapsed is only what the clock says now. */
export function isUnended({ state }: Recovery): boolean {
  return state === "REQUESTED" || state === "HELD";
}

/** What the event makes of it, or why not. The very same object: nothing changes, and repeating it was harmless. */
export function stepRecovery(of: Recovery, event: RecoveryEvent, now: UnixMs): Recovery | Refusal {
  switch (event.type) {
    case "approved":
      return approve(of, event, now);
    case "stopped":
      return stop(of, now);
    case "used":
      return use(of, event.keyId, now);
  }
}

function approve(
  of: Recovery,
  { by, holdMs }: Extract<RecoveryEvent, { type: "approved" }>,
  now: UnixMs,
): Recovery | Refusal {
  // Before anything else: no state makes one person two.
  if (by === of.askedBy) {
    return refuse("NOT_ALLOWED", "The app that asked for a recovery does not agree to it as well. Another one has to.");
  }
  const standing = standingOf(of, now);
  if (standing === "HELD" || standing === "READY") return of;
  if (standing !== "REQUESTED") return over(standing);
  const readyAt = now + holdMs;
  return { ...askedOf(of), state: "HELD", approvedBy: by, readyAt, expiresAt: readyAt + USE_WITHIN_MS };
}

function stop(of: Recovery, now: UnixMs): Recovery | Refusal {
  const standing = standingOf(of, now);
  if (standing === "STOPPED") return of;
  // One that lapsed as well: by a clock that goes back it would be under way again.
  if (standing === "USED") return over(standing);
  const approval = of.state === "HELD" ? { approval: { approvedBy: of.approvedBy, readyAt: of.readyAt } } : {};
  return { ...askedOf(of), state: "STOPPED", at: now, ...approval };
}

function use(of: Recovery, keyId: HexId, now: UnixMs): Recovery | Refusal {
  if (of.state === "USED" && of.keyId === keyId) return of;
  const standing = standingOf(of, now);
  if (of.state !== "HELD" || standing === "LAPSED") return over(standing);
  if (standing === "HELD") {
    const until = new Date(of.readyAt).toISOString();
    return refuse("STATE_CONFLICT", `The recovery is on hold until ${until}.`, { metadata: { state: standing } });
  }
  return { ...of, state: "USED", at: now, keyId };
}

function askedOf({ recoveryId, reason, askedBy, askedAt, expiresAt }: Recovery): Asked {
  return { recoveryId, reason, askedBy, askedAt, expiresAt };
}

const WHY: Readonly<Record<RecoveryStanding, string>> = {
  REQUESTED: "waits for a second app to agree",
  HELD: "is on hold",
  READY: "is ready",
  STOPPED: "was stopped",
  USED: "was used already",
  LAPSED: "lapsed unused",
};

function over(standing: RecoveryStanding): Refusal {
  return refuse("STATE_CONFLICT", `The recovery ${WHY[standing]}.`, { metadata: { state: standing } });
}

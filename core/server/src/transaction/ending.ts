import type { Reason, RejectReason } from "@countersign/protocol";
import type { Notice } from "../delivery/delivery.ts";
import type { UnixMs } from "../store/entity.ts";
import { stand, type Step } from "./change.ts";
import type { Effect, Ending, Transaction } from "./transaction.ts";

const REASON: Readonly<Record<Ending, Reason>> = {
  REJECTED: "REJECTED",
  TAMPERED: "TAMPERED",
  LOCKED: "LOCKED",
  EXPIRED: "EXPIRED",
  CANCELLED: "CANCELLED",
  UNDELIVERABLE: "NO_CHANNEL",
};

export interface Ended {
  readonly rejectReason?: RejectReason | undefined;
  readonly onKey?: boolean;
  readonly detail?: string;
  /** Instead of `detail`, told to the relying party alone. */
  readonly forApp?: string;
  /** Another user, whose doing it is. */
  readonly by?: string;
  /** What the chats are told instead. */
  readonly notice?: Notice;
}

/** Over, without execution. Every chat that shows it is told, and the user's slot is free again. */
export function end(of: Transaction, state: Ending, now: UnixMs, how: Ended = {}, more: readonly Effect[] = []): Step {
  const { rejectReason, onKey = false, detail = "", forApp = detail, by } = how;
  const standing = { state, reason: REASON[state], rejectReason, rejectedOnKey: onKey, detail: forApp, at: now };
  const doer = by === undefined ? {} : { by };
  const notice: Notice = how.notice ?? {
    type: state,
    at: now,
    ...(rejectReason === undefined ? {} : { rejectReason }),
    ...(detail === "" ? {} : { detail }),
    ...doer,
  };
  const released: readonly Effect[] = of.state === "PENDING" ? [{ type: "release-slot" }] : [];
  return {
    transaction: stand(of, { ...standing, ...doer }, { lastRefusal: REASON[state] }),
    effects: [{ type: "notify", notice, final: true }, ...released, ...more],
  };
}

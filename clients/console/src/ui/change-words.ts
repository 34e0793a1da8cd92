import { t } from "@countersign/pages";
import { type Change, ChangeState } from "@countersign/proto/web/admin/v1/admin_service";
import type { Tone } from "./state-badge.tsx";

const TONES: Readonly<Record<ChangeState, Tone>> = {
  [ChangeState.UNSPECIFIED]: "plain",
  [ChangeState.UNRECOGNIZED]: "plain",
  [ChangeState.REQUESTED]: "waiting",
  [ChangeState.PARTIAL]: "waiting",
  [ChangeState.APPROVED]: "waiting",
  [ChangeState.APPLIED]: "good",
  [ChangeState.REJECTED]: "bad",
  [ChangeState.EXPIRED]: "plain",
  [ChangeState.FAILED]: "bad",
};

export function changeTone(state: ChangeState): Tone {
  return TONES[state] ?? "plain";
}

/** Where a change stands; how many administrators it waits for, while it waits for some. */
export function changeWords({ state, approvals, approvalsNeeded }: Change): string {
  return t(`change-state-${state}`, { given: approvals.length, needed: approvalsNeeded });
}

const OVER: readonly ChangeState[] = [
  ChangeState.APPLIED,
  ChangeState.REJECTED,
  ChangeState.EXPIRED,
  ChangeState.FAILED,
];

/** Whether nothing more comes of it. */
export function changeIsOver(state: ChangeState): boolean {
  return OVER.includes(state);
}

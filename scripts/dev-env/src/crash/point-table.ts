import { textOf, type CrashAt, type Effect } from "./effect.ts";

/** What somebody does while the core dies. */
export type FlowName = "pays" | "errs" | "vetoes" | "withdraws" | "enrols" | "links" | "joins";

/** Where the core dies in a flow; at the second place it is the restarted one that dies. */
export interface Point {
  readonly flow: FlowName;
  readonly at: readonly [CrashAt, ...CrashAt[]];
}

/** Every effect, in the flow that meets it first. A test compares them with an uncrashed run of each flow. */
export const EFFECTS: Readonly<Record<FlowName, readonly Effect[]>> = {
  joins: ["request.reserved/user.create", "user.created"],
  enrols: ["request.reserved/enrolment.begin", "enrolment.begun", "enrolment.used", "key-id.taken", "key.enrolled"],
  links: [
    ...["request.reserved/link.begin", "link.made", "link-owner.made", "link-token.made"],
    ...["link.token-used", "peer.pointed", "link.claimed", "request.reserved/link", "link.asked"],
  ],
  pays: [
    ...["request.reserved/create", "transaction.created"],
    ...["delivery.handed/notice", "delivery.handed/full", "delivery.sent/full"],
    ...["statement.counted", "statement.accepted", "delivery.handed/outcome", "delivery.sent/outcome"],
    ...["execution.claimed", "execution.begun", "execution.reported"],
  ],
  errs: ["statement.refused/WRONG_CODE"],
  vetoes: ["bot.veto-counted", "transaction.vetoed"],
  withdraws: ["transaction.cancelled"],
};

/** What uncrashed runs commit besides, of time alone: open links each minute. A lease is taken in recovery, and dies there. */
export const OF_TIME: readonly RegExp[] = [/^bot\.lease-/, /^delivery\.due$/, /^open-links\.extended$/];

/** Inside the store, from a change set's arrival to its acknowledgement: at the commit that decides. */
const INSIDE = ["change-queued", "entities-written", "before-commit", "after-commit", "before-acknowledge"] as const;

/** The core that takes up what the first death left dies of it too. */
const IN_RECOVERY: readonly Point["at"][] = [
  [after("transaction.created"), before("bot.lease-taken")],
  [after("delivery.handed/full"), after("bot.lease-taken")],
  [after("statement.counted"), before("statement.accepted")],
  [after("statement.accepted"), before("execution.claimed")],
  [after("execution.begun"), before("execution.reported")],
];

export const POINTS: readonly Point[] = [
  ...Object.entries(EFFECTS).flatMap(([flow, effects]) =>
    effects.flatMap((effect) => [
      { flow: flow as FlowName, at: [before(effect)] } as const,
      { flow: flow as FlowName, at: [after(effect)] } as const,
    ]),
  ),
  ...INSIDE.map((when) => ({ flow: "pays", at: [{ when, effect: "statement.accepted" }] }) as const),
  ...IN_RECOVERY.map((at) => ({ flow: "pays", at }) as const),
];

/** In words: `before transaction.created`. */
export function deathsOf(at: Point["at"]): string {
  return at.map(textOf).join(", then ");
}

function before(effect: Effect): CrashAt {
  return { when: "before", effect };
}

function after(effect: Effect): CrashAt {
  return { when: "after", effect };
}

import { Deliver, NoticeType, Phase, type Notice } from "@countersign/proto/node/channel/v1/channel_service";
import { Kind, Label, Mode } from "@countersign/proto/node/core/v1/content";
import { timestampOf } from "../message/timestamp.ts";

/** Code of the sample prompt. */
export const SAMPLE_CODE = "482915";

/** Lines of the sample prompt, as the core would render them; some hold what chat programs like to change. */
export const SAMPLE_LINES: readonly { readonly label: Label; readonly value: string }[] = [
  { label: Label.AMOUNT, value: "EUR 1 250.00" },
  { label: Label.TO, value: "Müller & Söhne <GmbH>" },
  { label: Label.ACCOUNT, value: "DE89 3704 0044 0532 0130 00" },
  { label: Label.REFERENCE, value: "Invoice *2026*-114 _a_ [x](y) @name /freeze" },
];

/** A prompt of mode B in the given phase, complete in all that the core sends with it. */
export function sampleDeliver(phase: Phase, more: Partial<Deliver> = {}): Deliver {
  const full = phase === Phase.FULL;
  return Deliver.create({
    deliveryId: `sample-${phase}`,
    peerId: "4242",
    phase,
    notAfter: timestampOf(new Date("2026-11-22T13:31:50Z")),
    locale: "en",
    phrase: "blue teapot",
    issuerName: "Acme Bank",
    tag: "AMBER TIGER",
    kind: Kind.PAY,
    mode: Mode.B,
    lines: more.mode === Mode.A ? [] : [...SAMPLE_LINES],
    code: full ? SAMPLE_CODE : "",
    expiresAt: full ? timestampOf(new Date("2026-11-22T13:32:10Z")) : undefined,
    actionRef: full ? "ref-1" : "",
    ...more,
  });
}

/** A notice of the given type, complete in all that any type uses. */
export function sampleNotice(type: NoticeType, more: Partial<Notice> = {}): Notice {
  const at = timestampOf(new Date("2026-11-22T13:31:44Z"));
  const executed = type === NoticeType.EXECUTED;
  return {
    type,
    triesLeft: type === NoticeType.WRONG_CODE ? 2 : 0,
    rejectReason: 0,
    detail: executed ? "booked as 77-A" : "",
    receipt: executed ? "7F3A-91C2" : "",
    at,
    claimBy: timestampOf(new Date("2026-11-22T13:41:44Z")),
    approved: type === NoticeType.PARTIAL ? 1 : 0,
    needed: type === NoticeType.PARTIAL || type === NoticeType.APPROVAL_ASKED ? 2 : 0,
    until: timestampOf(new Date("2026-11-25T13:31:44Z")),
    by: type === NoticeType.APPROVAL_ASKED ? "treasurer" : "",
    ...more,
  };
}

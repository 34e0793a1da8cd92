import { NoticeType, Phase, type Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import { Mode, RejectReason } from "@countersign/proto/node/core/v1/content";
import { groupDigits, revealText } from "../message/message.ts";
import type { Outgoing } from "../second-channel.ts";
import { LOCALES, PSEUDO_LOCALE, type Style } from "../wording/words.ts";
import { CORE_MADE, PAYMENTS, type Content } from "./every-content.ts";
import { sampleOutgoing } from "./sample-outgoing.ts";
import { SAMPLE_CODE, sampleDeliver, sampleNotice } from "./sample.ts";

/** One message that a bot may have to show, and what must be found in it after rendering. */
export interface EveryMessage {
  /** Unique, for test names: `de full FULL mode B host signs`. */
  readonly name: string;
  readonly locale: string;
  readonly style: Style;
  readonly mode: "A" | "B" | "C";
  readonly outgoing: Outgoing;
  /** Every row with its code, as the phone has to show it, top to bottom. Rows of a block follow each other directly. */
  readonly blocks: readonly (readonly string[])[];
  /** The values that the mode shows, in order, byte for byte. */
  readonly values: readonly string[];
  /** The code as it is read; undefined where there is none. */
  readonly code: string | undefined;
  /** Parts that count: values, code, tag. Each stands in the rendered text exactly so often. */
  readonly shows: readonly { readonly text: string; readonly times: number }[];
  /** A value is a word of the frame, the tag or the code: `times` may be above 1. */
  readonly collides: boolean;
  /** What this message must not hold anywhere. */
  readonly hides: readonly string[];
}

/** How often a part stands in a text. */
export function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

const MODES = { A: Mode.A, B: Mode.B, C: Mode.C } as const;
const MODE_NAMES = ["A", "B", "C"] as const;
const TAG = "AMBER TIGER";
const TYPES = Object.values(NoticeType).filter((type) => type > 0);
const PHASE_NAMES: Readonly<Record<number, string>> = { 1: "notice", 2: "full", 3: "outcome", 4: "alert" };

interface Wanted {
  readonly phase: Phase;
  readonly mode: "A" | "B" | "C";
  readonly content: Content | undefined;
  readonly host?: boolean;
  readonly notice?: NoticeType;
  readonly rejectReason?: RejectReason;
  readonly by?: string;
}

const PLATFORM_TYPES: readonly NoticeType[] = [
  NoticeType.LINKED,
  NoticeType.UNLINKED,
  NoticeType.CHANNEL_SUSPENDED,
  NoticeType.CHANNEL_DEAD,
  NoticeType.LINK_REFUSED,
  NoticeType.LINK_ASKED,
];
const KEY_TYPES: readonly NoticeType[] = [
  NoticeType.KEY_ENROLLED,
  NoticeType.KEY_REVOKED,
  NoticeType.RECOVERY_USED,
  NoticeType.KEY_ASKED,
];

const CHANGE_TYPES: readonly NoticeType[] = [
  NoticeType.CHANGE_APPLIED,
  NoticeType.CHANGE_FAILED,
  NoticeType.CHANGE_REJECTED,
  NoticeType.CHANGE_EXPIRED,
];

function detailOf(type: NoticeType): string {
  if (type === NoticeType.APPROVAL_ASKED || type === NoticeType.APPROVAL_OVER) return "OTTER RIVER";
  if (CHANGE_TYPES.includes(type)) return "Enable app 3F2A91C2";
  if (type === NoticeType.TEST) return "anna";
  if (PLATFORM_TYPES.includes(type)) return "telegram";
  if (type === NoticeType.RECOVERY_HELD) return "2026-11-23T14:30:00.000Z";
  return KEY_TYPES.includes(type) ? "7F3A 91C2 0B4D 11EE" : "ledger 77-A";
}

function deliverOf({ phase, mode, content, host = false, notice, rejectReason = 0, by }: Wanted): Partial<Deliver> {
  return {
    mode: MODES[mode],
    lines: mode === "A" || content === undefined ? [] : [...content.lines],
    codeEntryOnHost: host,
    ...(content === undefined ? {} : { kind: content.kind }),
    // A chat that merely claims a link is told no phrase: it may be anybody's.
    ...(content?.name === "link" ? { phrase: "" } : {}),
    ...(notice === undefined
      ? {}
      : {
          notice: sampleNotice(notice, { detail: detailOf(notice), rejectReason, ...(by === undefined ? {} : { by }) }),
        }),
    actionRef: phase === Phase.FULL || notice === NoticeType.CONFIRMED ? "ref-1" : "",
  };
}

function* wanted(): Generator<Wanted> {
  for (const host of [false, true]) {
    for (const mode of MODE_NAMES) {
      yield { phase: Phase.NOTICE, mode, content: PAYMENTS[0], host };
      for (const content of PAYMENTS) yield { phase: Phase.FULL, mode, content, host };
      for (const content of CORE_MADE) if (mode !== "A") yield { phase: Phase.FULL, mode, content, host };
      for (const notice of [NoticeType.WRONG_CODE, NoticeType.RESENT, NoticeType.LAST_WARNING]) {
        yield { phase: Phase.FULL, mode, content: PAYMENTS[0], host, notice };
      }
    }
  }
  for (const [at, notice] of TYPES.entries()) {
    yield { phase: Phase.ALERT, mode: "A", content: undefined, notice };
    yield { phase: Phase.ALERT, mode: "B", content: PAYMENTS[at % PAYMENTS.length], notice };
    for (const mode of MODE_NAMES) {
      yield { phase: Phase.OUTCOME, mode, content: PAYMENTS[(at + 1) % PAYMENTS.length], notice };
      yield { phase: Phase.OUTCOME, mode, content: undefined, notice };
    }
  }
  for (const notice of [NoticeType.REJECTED, NoticeType.TAMPERED]) {
    yield { phase: Phase.OUTCOME, mode: "B", content: PAYMENTS[0], notice, by: "treasurer" };
  }
  for (const rejectReason of Object.values(RejectReason)) {
    if (rejectReason > 0) {
      yield { phase: Phase.OUTCOME, mode: "B", content: PAYMENTS[0], notice: NoticeType.REJECTED, rejectReason };
    }
  }
}

function nameOf(locale: string, style: Style, of: Wanted): string {
  const { phase, mode, content, host = false, notice, rejectReason = 0, by } = of;
  const about = [
    notice === undefined ? "" : `notice ${notice}`,
    rejectReason === 0 ? "" : `reason ${rejectReason}`,
    by ?? "",
  ];
  const parts = [locale, style, PHASE_NAMES[phase], `mode ${mode}`, host ? "host" : "", content?.name ?? "bare"];
  return [...parts, ...about].filter((part) => part !== "").join(" ");
}

function hiddenBy({ phase, mode, content }: Wanted): string[] {
  const lines = content === undefined || content.collides ? [] : content.lines.map(({ value }) => value);
  if (phase === Phase.NOTICE) return [...lines, SAMPLE_CODE, groupDigits(SAMPLE_CODE), TAG, "Acme", "teapot"];
  return mode === "A" ? [...lines, "77-A"] : [];
}

function worded(locale: string, style: Style, of: Wanted): EveryMessage {
  const { phase, mode, content } = of;
  const deliver = sampleDeliver(phase, { locale, ...deliverOf(of) });
  const outgoing = sampleOutgoing(phase, deliver, { style, hears: style === "full" });
  const { message } = outgoing;
  const text = revealText(message);
  const shows = mode !== "A" && (phase === Phase.FULL || (phase !== Phase.NOTICE && style === "full"));
  const shown = shows ? (content?.lines ?? []) : [];
  const values = shown.map(({ value }) => value);
  const code = phase === Phase.FULL ? groupDigits(SAMPLE_CODE, message.direction) : undefined;
  const parts = [...values, ...(code === undefined ? [] : [code]), ...(phase === Phase.NOTICE ? [] : [TAG])];
  return {
    name: nameOf(locale, style, of),
    locale,
    style,
    mode,
    outgoing,
    blocks: text.split("\n\n").map((block) => block.split("\n")),
    values,
    code,
    shows: [...new Set(parts)].map((part) => ({ text: part, times: occurrences(text, part) })),
    collides: content?.collides ?? false,
    hides: hiddenBy(of),
  };
}

/**
 * Every message in every language and style, with legal values that are hard to render: about 2900, made anew by each
 * call. An adapter renders each and looks for `shows` and `hides` in what its provider would show.
 */
export function everyMessage(
  styles: readonly Style[] = ["full", "short"],
  locales: readonly string[] = [...LOCALES, PSEUDO_LOCALE],
): EveryMessage[] {
  const all = [...wanted()];
  return locales.flatMap((locale) => styles.flatMap((style) => all.map((of) => worded(locale, style, of))));
}

import { NoticeType, type Notice } from "@countersign/proto/node/channel/v1/channel_service";
import { RejectReason } from "@countersign/proto/node/core/v1/content";
import { ChannelError } from "../channel-error.ts";
import type { MessageId } from "../wording/en.ts";
import { isShowable, USER, type Delivery } from "./delivery.ts";
import type { Row, Run } from "./message.ts";
import { plain, strong, time, value, type Setting } from "./pieces.ts";
import { dateOf, timeText } from "./timestamp.ts";

const REJECTED: Readonly<Record<number, MessageId>> = {
  [RejectReason.WRONG_DATA]: "rejected-wrong-data",
  [RejectReason.NOT_ME]: "rejected-not-me",
  [RejectReason.CHANGED_MY_MIND]: "rejected-changed-my-mind",
  [RejectReason.SOMEBODY_TOLD_ME_TO]: "rejected-told-me-to",
};

/** Types whose sentence needs nothing but the relying party's name. */
const SENTENCES: Readonly<Record<number, MessageId>> = {
  [NoticeType.EXECUTING]: "executing",
  [NoticeType.EXECUTION_FAILED]: "execution-failed",
  [NoticeType.EXECUTION_UNKNOWN]: "execution-unknown",
  [NoticeType.TAMPERED]: "tampered",
  [NoticeType.LOCKED]: "locked",
  [NoticeType.EXPIRED]: "expired",
  [NoticeType.CANCELLED]: "cancelled",
  [NoticeType.UNDELIVERABLE]: "undeliverable",
  [NoticeType.RESENT]: "resent",
  [NoticeType.SUPERSEDED]: "superseded",
  [NoticeType.FROZEN]: "frozen",
  [NoticeType.BLOCKED]: "blocked",
  [NoticeType.THAWED]: "thawed",
  [NoticeType.LAST_WARNING]: "last-warning",
  [NoticeType.USER_SUSPENDED]: "user-suspended",
  [NoticeType.MISSED]: "missed",
  [NoticeType.APPROVAL_REFUSED]: "approval-refused",
  [NoticeType.RECOVERY_ASKED]: "recovery-asked",
  [NoticeType.RECOVERY_STOPPED]: "recovery-stopped",
};

/** Types whose sentence names a platform or a fingerprint, at its end: in Arabic that gets a row of its own. */
const DETAILED: Readonly<Record<number, MessageId>> = {
  [NoticeType.LINKED]: "linked",
  [NoticeType.UNLINKED]: "unlinked",
  [NoticeType.KEY_ENROLLED]: "key-enrolled",
  [NoticeType.KEY_REVOKED]: "key-revoked",
  [NoticeType.CHANNEL_SUSPENDED]: "channel-suspended",
  [NoticeType.CHANNEL_DEAD]: "channel-dead",
  [NoticeType.LINK_REFUSED]: "link-refused",
  [NoticeType.RECOVERY_USED]: "recovery-used",
  [NoticeType.KEY_ASKED]: "key-asked",
  [NoticeType.LINK_ASKED]: "link-asked",
  [NoticeType.CHANGE_APPLIED]: "change-applied",
  [NoticeType.CHANGE_FAILED]: "change-failed",
  [NoticeType.CHANGE_REJECTED]: "change-rejected",
  [NoticeType.CHANGE_EXPIRED]: "change-expired",
};

/** What to do about it, or why, in sentences of their own. */
const ADVICE: Readonly<Record<number, readonly (MessageId | "freeze" | "thaw")[]>> = {
  [NoticeType.FROZEN]: ["thaw"],
  [NoticeType.BLOCKED]: ["thaw"],
  [NoticeType.LINKED]: ["freeze"],
  [NoticeType.UNLINKED]: ["freeze"],
  [NoticeType.KEY_ENROLLED]: ["freeze"],
  [NoticeType.KEY_REVOKED]: ["freeze"],
  [NoticeType.CHANNEL_SUSPENDED]: ["channel-suspended-why"],
  [NoticeType.CHANNEL_DEAD]: ["channel-dead-why"],
  [NoticeType.LINK_REFUSED]: ["link-refused-why", "freeze"],
  // To freeze also stops a recovery: who is alarmed needs one word only.
  [NoticeType.RECOVERY_ASKED]: ["freeze"],
  [NoticeType.RECOVERY_HELD]: ["freeze"],
  [NoticeType.RECOVERY_USED]: ["freeze"],
  [NoticeType.KEY_ASKED]: ["freeze"],
  [NoticeType.LINK_ASKED]: ["freeze"],
};

const PLATFORM_NAMES: Readonly<Record<string, string>> = {
  telegram: "Telegram",
  matrix: "Matrix",
  mail: "E-mail",
  sms: "SMS",
  sandbox: "Sandbox",
};

/** `telegram` as people write it; others as they are. */
export function platformName(platform: string): string {
  return PLATFORM_NAMES[platform] ?? platform;
}

// Not part of what was signed, so dropped rather than refused when it cannot be shown.
function detailRun({ detail }: Notice): Run | undefined {
  return detail === "" || !isShowable(detail) ? undefined : value(platformName(detail));
}

function timeOr(notice: Notice["at"], zone: string): Run {
  const date = dateOf(notice);
  return date === undefined ? plain("-") : time(date, zone);
}

/** With its day, to the minute: people have days for it. */
function dayOr(notice: Notice["until"], zone: string): Run {
  const date = dateOf(notice);
  return date === undefined ? plain("-") : strong(toTheMinute(date, zone));
}

function toTheMinute(date: Date, zone: string): string {
  return timeText(date, zone, true).replace(/:\d{2} /, " ");
}

/** RFC 3339 in UTC, as the core writes it; anything else is not shown. */
function momentOr(detail: string, zone: string): Run {
  const date = /^\d{4}-\d{2}-\d{2}T[\d:.]{8,12}Z$/.test(detail) ? new Date(detail) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) return plain("-");
  // To the minute: seconds of a day's hold tell nobody anything.
  return strong(toTheMinute(date, zone));
}

function sentence(notice: Notice, delivery: Delivery, { words, zone }: Setting): Row {
  const issuer = strong(delivery.issuer);
  const { type, at } = notice;
  if (type === NoticeType.CONFIRMED) {
    return words.row("confirmed", { at: timeOr(at, zone), issuer, until: timeOr(notice.claimBy, zone) });
  }
  const several = ofSeveral(notice, issuer, { words, zone });
  if (several !== undefined) return several;
  if (type === NoticeType.EXECUTED) return words.row("executed", { at: timeOr(at, zone) });
  if (type === NoticeType.REJECTED) return words.row(REJECTED[notice.rejectReason] ?? "rejected");
  if (type === NoticeType.WRONG_CODE) return words.row("wrong-code", {}, { tries: notice.triesLeft });
  if (type === NoticeType.RECOVERY_HELD) return words.row("recovery-held", { until: momentOr(notice.detail, zone) });
  if (type === NoticeType.TEST) {
    return words.row("test-message", { at: timeOr(at, zone), detail: detailRun(notice) ?? plain("-") });
  }
  const detailed = DETAILED[type];
  if (detailed !== undefined) return words.row(detailed, { detail: detailRun(notice) ?? plain("-") });
  const id = SENTENCES[type];
  // A type of a newer core: shown by a newer bot, never guessed.
  if (id === undefined) throw new ChannelError({ fate: "permanent", detail: "malformed-delivery" });
  return words.row(id, { issuer });
}

/** What other people have to do with it. */
function ofSeveral(notice: Notice, issuer: Run, { words, zone }: Pick<Setting, "words" | "zone">): Row | undefined {
  const { type, at, approved, needed } = notice;
  const by = USER.test(notice.by) ? value(notice.by) : plain("-");
  const until = dayOr(notice.until, zone);
  if (type === NoticeType.PARTIAL) {
    return words.row("partial", { approved: strong(String(approved)), needed: strong(String(needed)), until });
  }
  if (type === NoticeType.APPROVED) return words.row("approved", { at: timeOr(at, zone) });
  if (type === NoticeType.APPROVAL_ASKED) {
    return words.row("approval-asked", { by, detail: tagOf(notice), until });
  }
  if (type === NoticeType.APPROVAL_OVER) return words.row("approval-over", { detail: tagOf(notice) });
  if (notice.by === "") return undefined;
  if (type === NoticeType.REJECTED) return words.row("rejected-by", { by });
  return type === NoticeType.TAMPERED ? words.row("tampered-by", { by, issuer }) : undefined;
}

/** Its two words, to match surfaces with. */
function tagOf({ detail }: Notice): Run {
  return /^[A-Z]{2,12} [A-Z]{2,12}$/.test(detail) ? strong(detail) : plain("-");
}

function adviceRows({ type, rejectReason, by }: Notice, { words, hears }: Setting): Row[] {
  const frozenToo = type === NoticeType.REJECTED && by === "" && rejectReason === RejectReason.NOT_ME;
  const advice = frozenToo ? ["thaw" as const] : (ADVICE[type] ?? []);
  return advice.map((one) => {
    if (one === "freeze") return words.row(hears ? "freeze-now" : "freeze-elsewhere");
    if (one === "thaw") return words.row(hears ? "thaw-now" : "thaw-elsewhere");
    return words.row(one);
  });
}

const DETAIL_ROWS: Readonly<Record<number, MessageId>> = {
  [NoticeType.EXECUTED]: "reference",
  [NoticeType.EXECUTION_FAILED]: "reason",
  [NoticeType.CANCELLED]: "reason",
  [NoticeType.RECOVERY_ASKED]: "reason",
};

/** In short, longer words of the executor are left out whole. */
const LONGEST_IN_SHORT = 16;

/** What happened, as one sentence, with receipt, reference or reason below. Empty when the delivery tells nothing. */
export function noticeRows(delivery: Delivery, setting: Setting): Row[] {
  const { notice } = delivery;
  if (notice === undefined || notice.type === NoticeType.UNSPECIFIED) return [];
  const rows = [sentence(notice, delivery, setting), ...adviceRows(notice, setting)];
  // The executor's words: mode A hides the transaction from this chat, and free text may repeat it.
  const tooLong = notice.type === NoticeType.RECOVERY_ASKED || notice.detail.length > LONGEST_IN_SHORT;
  const hidden = delivery.mode === "A" || (setting.style === "short" && tooLong);
  const detailId = hidden ? undefined : DETAIL_ROWS[notice.type];
  const detail = detailRun(notice);
  if (detailId !== undefined && detail !== undefined) rows.push(setting.words.row(detailId, { detail }));
  if (notice.receipt !== "" && isShowable(notice.receipt)) {
    rows.push(setting.words.row("receipt", { receipt: strong(notice.receipt) }));
  }
  return rows;
}

// Pure: the message that a bot is handed.
import { decodeContent, deriveCode, fromHex, sha256, toHex, type MacKey, type Mode } from "@countersign/protocol";
import {
  Deliver,
  Notice as NoticeMessage,
  NoticeType as NoticeTypeMessage,
  Phase,
} from "@countersign/proto/node/channel/v1/channel_service";
import { Line, Mode as ModeMessage } from "@countersign/proto/node/core/v1/content";
import type { Key } from "../identity/key.ts";
import type { Link } from "../identity/link.ts";
import type { User } from "../identity/user.ts";
import type { HexId } from "../store/entity.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { actionRefOf } from "../channel/action-ref.ts";
import { timestampOf } from "./timestamp.ts";
import type { Handed } from "./attempt.ts";
import type { Delivery, IssueNumber, Notice } from "./delivery.ts";
import { maySeeLines } from "./plan.ts";

/** What the message is made of; loaded at the moment it is handed out. */
export interface MessageGiven {
  readonly delivery: Delivery;
  readonly handed: Handed;
  /** Of the chat, unless it was removed since. */
  readonly link: Link | undefined;
  readonly user: User | undefined;
  /** Absent for an alert that belongs to none. */
  readonly transaction: Transaction | undefined;
  /** Those that may sign. */
  readonly keys: readonly Key[];
  /** The tenant's, for an alert of no transaction. */
  readonly issuer: string;
}

const MODE: Readonly<Record<Mode, ModeMessage>> = { A: ModeMessage.A, B: ModeMessage.B, C: ModeMessage.C };
const PHASE = { notice: Phase.NOTICE, full: Phase.FULL, outcome: Phase.OUTCOME, alert: Phase.ALERT } as const;

/** The message without its code. The notice carries nothing of the transaction but who asks. */
export function deliverMessage(given: MessageGiven): Deliver {
  const { delivery, handed, user, transaction } = given;
  const message = Deliver.create({
    deliveryId: handed.phase === "notice" ? delivery.deliveryId : `${delivery.deliveryId}.${handed.wish}`,
    peerId: delivery.peerId,
    phase: PHASE[handed.phase],
    providerId: delivery.providerId ?? "",
    notAfter: timestampOf(delivery.notAfter),
    locale: user?.locale ?? "en",
    phrase: phraseFor(given),
    issuerName: given.issuer,
    peerIdentity: given.link?.peerIdentity ?? "",
  });
  if (handed.phase === "notice") return message;
  const notice = delivery.wanted.notice;
  if (notice !== undefined) message.notice = noticeMessage(notice);
  if (transaction === undefined) return message;
  message.requestedBy = transaction.approves?.userId ?? "";
  const named = { ...message, ...transactionPart(given, transaction) };
  if (handed.phase !== "full") return named;
  const codeEntryOnHost = given.keys.length > 0 && given.keys.every(({ hasKeypad }) => !hasKeypad);
  return { ...named, expiresAt: timestampOf(transaction.expiresAt), codeEntryOnHost };
}

/** The user's own words go to his own chats: one that merely claims a link may be anybody's, and would learn them. */
function phraseFor({ link, user }: MessageGiven): string {
  const isHis = link?.state === "LINKED" || link?.state === "DEAD";
  return isHis && user !== undefined ? user.phrase : "";
}

/** What the audit keeps of a message: SHA-256 of what the chat is to show, without the code and what only the stream needs. */
export function messageDigest(message: Deliver): string {
  const shown = { ...message, code: "", sequence: 0n, fence: 0n };
  return toHex(sha256(Deliver.encode(shown).finish()));
}

/** The code of a full message: derived now, handed to the stream, never stored. */
export function codeOf(
  secrets: { readonly codeKey: MacKey; readonly serverId: HexId },
  of: Transaction,
  issue: IssueNumber,
): string {
  const { nonce, txDigest, policy } = of;
  const bound = { serverId: fromHex(secrets.serverId), txId: fromHex(of.txId), nonce, txDigest, issue };
  return deriveCode(secrets.codeKey, bound, policy.digits).reveal();
}

/** What it is about: tag and kind always, the lines where this chat may show them. */
function transactionPart(
  given: MessageGiven,
  of: Transaction,
): Pick<Deliver, "tag" | "kind" | "mode" | "lines" | "actionRef"> {
  const { delivery, link } = given;
  const { wanted } = delivery;
  const lines = wanted.phase === "full" ? link !== undefined && maySeeLines(link, of) : wanted.showsLines;
  // A LINK in mode A shows its lines all the same: then key and chat both show.
  const mode = lines && of.mode === "A" ? "B" : of.mode;
  const content = decodeContent(of.content);
  const stops = isStoppable(of, wanted.notice);
  const stoppable = delivery.type === "prompt" && stops && link?.state !== "UNLINKED";
  return {
    tag: of.tag,
    kind: content.kind,
    mode: lines ? MODE[mode] : ModeMessage.A,
    lines: lines ? content.lines.map(({ label, value }) => Line.create({ label, value })) : [],
    actionRef: stoppable ? actionRefOf(of.txId) : "",
  };
}

/** Of an approval that was given, what it approves can be stopped as long as its chat was told of no end. */
function isStoppable({ state }: Transaction, notice: Notice | undefined): boolean {
  if (state === "APPROVED") return notice !== undefined && ["APPROVED", "PARTIAL", "CONFIRMED"].includes(notice.type);
  return state === "PENDING" || state === "PARTIAL" || state === "CONFIRMED";
}

function noticeMessage(notice: Notice): NoticeMessage {
  return NoticeMessage.create({
    type: NoticeTypeMessage[notice.type],
    triesLeft: notice.triesLeft ?? 0,
    rejectReason: notice.rejectReason ?? 0,
    detail: notice.detail ?? "",
    receipt: notice.receipt ?? "",
    at: timestampOf(notice.at),
    approved: notice.approved ?? 0,
    needed: notice.needed ?? 0,
    by: notice.by ?? "",
    ...(notice.until === undefined ? {} : { until: timestampOf(notice.until) }),
    ...(notice.claimBy === undefined ? {} : { claimBy: timestampOf(notice.claimBy) }),
  });
}

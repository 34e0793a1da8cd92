import { AnswerType, CommandType, type Answer, type Summary } from "@countersign/proto/node/channel/v1/channel_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { COMMAND_NAMES } from "../command.ts";
import { en, type MessageId } from "../wording/en.ts";
import type { Words } from "../wording/words.ts";
import { isShowable } from "./delivery.ts";
import type { Message, Row, Run } from "./message.ts";
import { platformName } from "./notice-rows.ts";
import { buildMessage, kindName, plain, strong, type Setting } from "./pieces.ts";
import { dateOf, timeText } from "./timestamp.ts";

const REFUSALS: Readonly<Record<number, MessageId>> = {
  [AnswerType.NOT_LINKED]: "answer-not-linked",
  [AnswerType.NOT_PRIVATE]: "answer-not-private",
  [AnswerType.RATE_LIMITED]: "answer-rate-limited",
  [AnswerType.BAD_TOKEN]: "answer-link-bad-token",
  [AnswerType.ALREADY_LINKED]: "answer-link-already",
};

/** Answer to a veto, short enough for a provider's pop-up. */
export function vetoAnswer(answer: Answer, notMe: boolean, words: Words): string {
  const ended: Readonly<Record<number, MessageId>> = {
    [AnswerType.OK]: notMe ? "answer-veto-frozen" : "answer-veto-ok",
    [AnswerType.TOO_LATE]: "answer-veto-too-late",
    [AnswerType.NOTHING]: "answer-veto-nothing",
  };
  return words.text(ended[answer.type] ?? REFUSALS[answer.type] ?? "answer-failed");
}

/** Answer to a link token. */
export function linkAnswer(answer: Answer, words: Words): Message {
  const id = answer.type === AnswerType.OK ? "answer-link-ok" : (REFUSALS[answer.type] ?? "answer-failed");
  return answerMessage(words, [[words.row(id)]]);
}

/** What the bot says to what somebody wrote. */
export function answerMessage(words: Words, blocks: readonly (readonly Row[])[]): Message {
  return buildMessage(words, { preview: "preview-answer", blocks });
}

/** In short, more would not fit into two segments. */
const LISTED_IN_SHORT = 3;

function nameRuns(summary: Summary, { words }: Setting): Run[] {
  const known = words.style === "short" ? [summary.tag] : [summary.tag, summary.issuerName];
  const names = known.filter((name) => name !== "" && isShowable(name));
  return names.flatMap((name, at) => (at === 0 ? [strong(name)] : [plain(words.separator), strong(name)]));
}

/** One line about one transaction. In mode A the core leaves out the kind, and the tag stands alone. */
function summaryRow(summary: Summary, setting: Setting): Row {
  const { words, zone } = setting;
  const short = words.style === "short";
  const created = dateOf(summary.createdAt);
  const state = `state-${summary.state}`;
  const parts = [
    summary.kind === 0 || short ? "" : kindName(words, summary.kind),
    summary.state !== State.UNSPECIFIED && state in en ? words.text(state as MessageId) : "",
    created === undefined || short ? "" : timeText(created, zone, true),
  ].filter((part) => part !== "");
  return [...nameRuns(summary, setting), ...parts.map((part) => plain(`${words.separator}${part}`))];
}

function listed(answer: Answer, setting: Setting, some: MessageId, none: MessageId): Row[] {
  const { words } = setting;
  const { transactions } = answer;
  if (transactions.length === 0) return [words.row(none)];
  const first = words.style === "short" ? transactions.slice(0, LISTED_IN_SHORT) : transactions;
  const count = transactions.length - first.length;
  const more = count === 0 ? [] : [words.row("answer-more", {}, { count })];
  return [words.row(some), ...first.map((summary) => summaryRow(summary, setting)), ...more];
}

function channelRows(answer: Answer, words: Words): Row[] {
  if (answer.platforms.length === 0) return [words.row("answer-channels-none")];
  const names = answer.platforms.filter(isShowable).map(platformName);
  const rows = words.style === "short" ? [names.join(", ")] : names.map((name, at) => `${at + 1}. ${name}`);
  return [words.row("answer-channels"), ...rows.map((row): Row => [plain(row)])];
}

const USER_STATES: Readonly<Record<string, MessageId>> = {
  ACTIVE: "status-active",
  FROZEN: "status-frozen",
  BLOCKED: "status-blocked",
  SUSPENDED: "status-suspended",
};

function statusRows(answer: Answer, words: Words, endToEndEncrypted: boolean): Row[] {
  const state = USER_STATES[answer.userState];
  return [
    ...(state === undefined ? [] : [words.row("status-user", { state: strong(words.text(state)) })]),
    words.row(answer.paused ? "status-paused" : "status-not-paused"),
    words.row(endToEndEncrypted ? "status-e2ee" : "status-not-e2ee"),
    ...channelRows(answer, words),
  ];
}

/** Answer to a command. */
export function commandAnswer(
  type: CommandType,
  answer: Answer,
  setting: Setting & { readonly endToEndEncrypted: boolean },
): Message {
  const { words } = setting;
  return answerMessage(words, [commandRows(type, answer, setting)]);
}

function commandRows(
  type: CommandType,
  answer: Answer,
  setting: Setting & { readonly endToEndEncrypted: boolean },
): Row[] {
  const { words } = setting;
  const refusal = REFUSALS[answer.type];
  if (refusal !== undefined) return [words.row(refusal)];
  if (type === CommandType.THAW && answer.type === AnswerType.NOTHING) return [words.row("answer-thaw-nothing")];
  if (type === CommandType.PENDING) return listed(answer, setting, "answer-pending", "answer-pending-none");
  if (type === CommandType.HISTORY) return listed(answer, setting, "answer-history", "answer-history-none");
  if (type === CommandType.CHANNELS) return channelRows(answer, words);
  if (type === CommandType.STATUS) return statusRows(answer, words, setting.endToEndEncrypted);
  const done: Readonly<Record<number, MessageId>> = {
    [CommandType.FREEZE]: "answer-freeze-ok",
    [CommandType.THAW]: "answer-thaw-ok",
    [CommandType.UNLINK]: "answer-unlink-ok",
    [CommandType.LANGUAGE]: "answer-language-ok",
  };
  const id = answer.type === AnswerType.OK ? done[type] : undefined;
  return [words.row(id ?? "answer-failed")];
}

const TAG_EXAMPLE = "AMBER TIGER";

/** The list of commands. */
export function helpMessage(words: Words): Message {
  const names = COMMAND_NAMES.map((name) => `/${name}`);
  if (words.style === "short") {
    const rows = [words.row("help"), [plain(names.join(" "))], [plain(`!block ${TAG_EXAMPLE}`)]];
    return answerMessage(words, [rows]);
  }
  const rows = COMMAND_NAMES.map((name): Row => [plain(`/${name} · ${words.text(`help-${name}`)}`)]);
  const block: Row = [plain(`!block ${TAG_EXAMPLE} · ${words.text("help-block")}`)];
  return answerMessage(words, [[words.row("help")], [...rows, block], [words.row("help-sign")]]);
}

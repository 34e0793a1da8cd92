export { AttachRefused } from "./attach/attachment.ts";
export { connectCore, readSecret, type CoreAddress, type CoreConnection } from "./attach/core-connection.ts";
export { startBot, type Bot, type BotGiven } from "./bot.ts";
export { ChannelError, type FailureDetail, type FailureReason, type Fate } from "./channel-error.ts";
export { COMMAND_NAMES } from "./command.ts";
export { isLoopback } from "./loopback.ts";
export { errorName, openLog, silentLog, type BotLog, type LogEvent } from "./log.ts";
export {
  groupDigits,
  revealRun,
  revealText,
  type Button,
  type Manner,
  type Message,
  type Row,
  type Run,
} from "./message/message.ts";
export { layOut } from "./message/pieces.ts";
export { timeText } from "./message/timestamp.ts";
export { Pace, type PaceLimits } from "./pace/pace.ts";
export type { Rate } from "./pace/gcra.ts";
export {
  choiceFlag,
  connectByFlags,
  CORE_FLAGS,
  requiredFlag,
  runBot,
  zoneByFlags,
  type CoreFlags,
} from "./run-bot.ts";
export { runProcess } from "./run-process.ts";
export type { FrontDesk, Outgoing, Platform, Press, PressReply, Said, SecondChannel } from "./second-channel.ts";
export { Secret } from "./secret.ts";
export { systemTimer, type Timer } from "./timer.ts";
export { CORE_USAGE, tellAbout } from "./tell-about.ts";
export { Phrasebook } from "./wording/phrasebook.ts";
export { chooseLocale, LOCALES, PSEUDO_LOCALE, Words, type Style } from "./wording/words.ts";

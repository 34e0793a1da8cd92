// What a scripted bot asks on behalf of a person, in one line.
import { RejectReason } from "@countersign/protocol";
import type { Answer, CommandType } from "@countersign/proto/node/channel/v1/channel_service";
import type { ScriptedBot } from "./scripted-bot.ts";

export interface VetoOver {
  readonly actionRef?: string;
  readonly tag?: string;
  readonly reason?: RejectReason;
  readonly eventId?: string;
}

export function askVeto(bot: ScriptedBot, peerId: string, over: VetoOver): Promise<Answer> {
  const value = { eventId: "", fence: 0n, peerId, actionRef: "", tag: "", reason: RejectReason.WRONG_DATA, ...over };
  return bot.ask({ $case: "veto", value });
}

export function askCommand(bot: ScriptedBot, peerId: string, type: CommandType, argument = ""): Promise<Answer> {
  return bot.ask({ $case: "command", value: { eventId: "", fence: 0n, peerId, type, argument } });
}

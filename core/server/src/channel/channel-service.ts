import { ChannelServiceService, type ChannelServiceServer } from "@countersign/proto/node/channel/v1/channel_service";
import type { CoreGiven } from "../given.ts";
import { bidiStream, bot as botToken } from "../rpc/handler.ts";
import { refuse } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import type { HexId } from "../store/entity.ts";
import { attach } from "./attach.ts";
import { BotState } from "./bot-state.ts";

/** Joins bots with the core. No event of a bot confirms anything. */
export function channelService(given: CoreGiven): Service {
  const states = new Map<HexId, BotState>();
  const implementation: ChannelServiceServer = {
    attach: bidiStream(given, botToken, async (requests, call, send) => {
      const { caller } = call;
      if (caller.kind !== "bot") return refuse("NOT_ALLOWED", "only a bot may attach");
      const { tenantId, botId, platform } = caller;
      let state = states.get(botId);
      if (state === undefined) states.set(botId, (state = new BotState(given, { tenantId, botId })));
      return attach(given, state, platform, { requests, call, send });
    }),
  };
  return { definition: ChannelServiceService, implementation };
}

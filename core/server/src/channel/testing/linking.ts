// What an app and a chat do when a channel is linked, in one line each.
import type { ServiceError } from "@grpc/grpc-js";
import type { Answer } from "@countersign/proto/node/channel/v1/channel_service";
import type { Channel, LinkServiceBeginLinkResponse } from "@countersign/proto/node/core/v1/link_service";
import type { Transaction } from "../../transaction/transaction.ts";
import type { ChannelWorld } from "./channel-world.ts";
import type { ScriptedBot } from "./scripted-bot.ts";

let requests = 0;

export interface BeginOver {
  readonly requestId?: string;
  readonly userId?: string;
  readonly platform?: string;
  readonly address?: string;
}

export function beginLink(world: ChannelWorld, over: BeginOver = {}): Promise<LinkServiceBeginLinkResponse> {
  const defaults = { requestId: `begin ${++requests}`, userId: world.core.userId, platform: "sandbox", address: "" };
  return new Promise((resolve, reject) => {
    world.links.beginLink({ ...defaults, ...over }, world.app, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });
}

export interface ClaimOver {
  readonly peerId?: string;
  readonly peerName?: string;
  readonly privateChat?: boolean;
  readonly peerIdentity?: string;
}

export function askClaim(bot: ScriptedBot, linkToken: string, over: ClaimOver = {}): Promise<Answer> {
  const chat = { peerId: "4242", peerName: "Erika M.", privateChat: true, peerIdentity: "" };
  return bot.ask({ $case: "linkClaim", value: { eventId: "", fence: 0n, linkToken, ...chat, ...over } });
}

export function askPeer(bot: ScriptedBot, peerId: string): Promise<Answer> {
  return bot.ask({ $case: "peerQuestion", value: { eventId: "", fence: 0n, peerId } });
}

export function listChannels(world: ChannelWorld, userId: string = world.core.userId): Promise<Channel[]> {
  return new Promise((resolve, reject) => {
    world.links.list({ userId }, world.app, (error, response) => (error ? reject(error) : resolve(response.channels)));
  });
}

/** The LINK that waits for the key. */
export async function linkTransaction(world: ChannelWorld, linkId: string): Promise<Transaction> {
  const { txId } = await world.link(linkId);
  if (txId === undefined) throw new Error(`link ${linkId} has no transaction`);
  return world.core.transaction(txId);
}

/** The key signs the LINK with the code of its chat. */
export async function confirmLink(world: ChannelWorld, linkId: string): Promise<void> {
  const tx = await linkTransaction(world, linkId);
  await world.confirm(tx, world.core.code(tx));
}

/** UNLINK from elsewhere. */
export function unlinkChannel(world: ChannelWorld, linkId: string): Promise<string> {
  return new Promise((resolve, reject) => {
    world.links.unlink(
      { requestId: `unlink ${++requests}`, userId: world.core.userId, linkId },
      world.app,
      (error: ServiceError | null, response) =>
        error ? reject(error) : resolve(response.transaction?.transactionId ?? ""),
    );
  });
}

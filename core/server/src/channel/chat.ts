import type { CoreGiven } from "../given.ts";
import { linkKey, peerKey, userKey } from "../identity/entity-key.ts";
import type { Link } from "../identity/link.ts";
import type { User } from "../identity/user.ts";
import { shardOfKey, shardOfTransaction, shardOfUser, type HexId, type Shard } from "../store/entity.ts";
import { ownerOf, transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { BotName } from "./lease.ts";

/** A chat of a bot, with the user whose it is or is going to be. */
export interface Chat {
  readonly shard: Shard;
  readonly user: User;
  /**
   * LINKED, DEAD (it may come back), or CLAIMED: then it may do nothing but stop its own LINK. Never SUSPENDED: whoever
   * writes there may be somebody else, so nothing that it says counts, not even a veto.
   */
  readonly link: Link;
}

/**
 * Whose chat this is. The directory only points at a link; the link says whether it is this bot's chat and in use. A bot
 * reaches no other bot's chats: its own id is part of the question.
 */
export async function findChat(given: CoreGiven, bot: BotName, peerId: string): Promise<Chat | undefined> {
  if (!isPeerId(peerId)) return undefined;
  const key = peerKey(bot.tenantId, bot.botId, peerId);
  const peer = (await given.store.load(shardOfKey(key), key)).entities[0].body;
  if (peer?.userId === undefined || peer.linkId === undefined) return undefined;
  const shard = shardOfUser(peer.tenantId, peer.userId);
  const names = [userKey(peer.tenantId, peer.userId), linkKey(peer.tenantId, peer.linkId)] as const;
  const { entities } = await given.store.load(shard, ...names);
  const [user, link] = [entities[0].body, entities[1].body];
  if (user === undefined || link === undefined || link.botId !== bot.botId || link.peerId !== peerId) return undefined;
  const inUse = link.state === "LINKED" || link.state === "DEAD" || link.state === "CLAIMED";
  return inUse ? { shard, user, link } : undefined;
}

/** Stable ids of chats: printable ASCII without spaces. */
export function isPeerId(peerId: string): boolean {
  return /^[!-~]{1,128}$/.test(peerId);
}

/** A transaction that this chat may act on: its user's, and of a chat that is only claimed the LINK alone. */
export function mayActOn({ user, link }: Chat, of: Transaction): boolean {
  if (of.tenantId !== user.tenantId || of.userId !== user.userId) return false;
  return link.state !== "CLAIMED" || (of.action?.type === "link" && of.action.linkId === link.linkId);
}

export async function loadActable(given: CoreGiven, chat: Chat, txId: HexId): Promise<Transaction | undefined> {
  const { entities } = await given.store.load(shardOfTransaction(txId), transactionKey(txId));
  const { body } = entities[0];
  return body !== undefined && mayActOn(chat, body) ? body : undefined;
}

/** The user's newest transactions that this chat may act on, newest first. */
export async function recentTransactions(given: CoreGiven, chat: Chat, limit: number): Promise<Transaction[]> {
  const { tenantId, userId } = chat.user;
  const keys = await given.store.list(chat.shard, "transaction", ownerOf(tenantId, userId), { tenant: "", limit });
  const { entities } = await given.store.load(chat.shard, ...keys);
  return entities.map(({ body }) => body).filter((body) => body !== undefined && mayActOn(chat, body)) as Transaction[];
}

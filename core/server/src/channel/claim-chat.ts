// A chat becomes a user's channel, up to the LINK that waits for his key. docs/protocol/delivery.md section 7.
import { sha256, utf8 } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { alertOnce } from "../identity/alert-once.ts";
import { changeLink, type LinkName } from "../identity/change-link.ts";
import { linkKey, peerKey } from "../identity/entity-key.ts";
import { linkDraft, safePeerName } from "../identity/link-draft.ts";
import type { Link } from "../identity/link.ts";
import { isRefusal, type RpcReason } from "../rpc/refusal.ts";
import { shardOfKey, shardOfUser, type HexId } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { createTransaction } from "../transaction/create.ts";

/** The chat, as its bot tells of it; or an address, as an app does. */
export interface Claimant {
  readonly tenantId: HexId;
  readonly botId: HexId;
  readonly peerId: string;
  /** Attacker-controlled. */
  readonly peerName: string;
  /** Of the person at the provider; empty: none. */
  readonly peerIdentity: string;
  /** How the audit names who claims. */
  readonly actor: string;
}

/** How far it came. "occupied": the chat is another link's. "gone": the link waits for no chat, or for another one. */
export type ClaimOutcome = "asked" | "occupied" | "gone" | { readonly refused: RpcReason };

/** 1 to 128 printable ASCII characters, or none. Bot-controlled. */
export function isPeerIdentity(identity: string): boolean {
  return /^[!-~]{0,128}$/.test(identity);
}

/**
 * Points the chat at the link, claims the link for it, makes the LINK transaction: each step finds what an earlier try
 * left, so that whoever may claim goes on where a crash stopped him. A chat is linked once.
 */
export async function claimChat(given: CoreGiven, claimant: Claimant, name: LinkName): Promise<ClaimOutcome> {
  const pointed = await pointAt(given, claimant, name);
  if (pointed !== "pointed") return pointed;
  const link = await claimLink(given, claimant, name);
  return link === undefined ? "gone" : askKey(given, claimant, link);
}

/** The link that this chat is, or is becoming. A suspended or dead one may be claimed anew. */
export async function occupiedBy(
  given: CoreGiven,
  { tenantId, botId, peerId }: Pick<Claimant, "tenantId" | "botId" | "peerId">,
): Promise<HexId | undefined> {
  const key = peerKey(tenantId, botId, peerId);
  const peer = (await given.store.load(shardOfKey(key), key)).entities[0].body;
  if (peer?.userId === undefined || peer.linkId === undefined) return undefined;
  const { entities, now } = await given.store.load(
    shardOfUser(peer.tenantId, peer.userId),
    linkKey(peer.tenantId, peer.linkId),
  );
  const link = entities[0].body;
  const becoming = link?.state === "WAITING" && now <= link.until;
  return becoming || link?.state === "CLAIMED" || link?.state === "LINKED" ? peer.linkId : undefined;
}

/** The directory says whose chat this is going to be; whether it is, the link says. */
async function pointAt(
  given: CoreGiven,
  claimant: Claimant,
  { tenantId, userId, linkId }: LinkName,
): Promise<"pointed" | Exclude<ClaimOutcome, "asked" | "gone">> {
  const key = peerKey(claimant.tenantId, claimant.botId, claimant.peerId);
  const shard = shardOfKey(key);
  const settled = await untilSettled(async (): Promise<"pointed" | "occupied" | undefined> => {
    const { entities, epoch } = await given.store.load(shard, key);
    const [{ body: peer, version }] = entities;
    if (peer?.linkId === linkId) return "pointed";
    if ((await occupiedBy(given, claimant)) !== undefined) return "occupied";
    const subject = `user:${userId}`;
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes: [{ key, expected: version, body: { tenantId, userId, linkId } }],
      audit: [{ event: "peer.pointed", tenant: tenantId, actor: claimant.actor, subject, detail: { link: linkId } }],
    });
    return outcome === "committed" ? "pointed" : undefined;
  });
  return settled;
}

async function claimLink(given: CoreGiven, claimant: Claimant, name: LinkName): Promise<Link | undefined> {
  const { botId, peerId, peerIdentity, peerName, actor } = claimant;
  return changeLink(given, name, { actor, event: "link.claimed" }, (link, now) => {
    if (link.state === "WAITING" && now <= link.until) {
      const bound = peerIdentity === "" ? {} : { peerIdentity };
      return { ...link, state: "CLAIMED", botId, peerId, peerName: safePeerName(peerName), ...bound };
    }
    const same = link.botId === botId && link.peerId === peerId && (link.peerIdentity ?? "") === peerIdentity;
    return link.state === "CLAIMED" && same ? link : undefined;
  });
}

/** The LINK transaction: its lines, tag and code go to this chat, its lines to the key. */
async function askKey(given: CoreGiven, { actor }: Claimant, link: Link): Promise<ClaimOutcome> {
  const requestId = `link:${link.linkId}`;
  const by = { requestId, bodyHash: sha256(utf8(requestId)) };
  let made = await createTransaction(given, linkDraft(link, by));
  if (isRefusal(made) && made.refused === "BAD_INPUT" && link.peerName !== undefined) {
    // The user's key cannot show the chat's name: then the id alone has to do.
    made = await createTransaction(given, linkDraft({ ...link, peerName: undefined }, by));
  }
  if (isRefusal(made)) {
    const failure = made.refused;
    await changeLink(given, link, { actor, event: "link.refused" }, (held) => ({ ...held, state: "FAILED", failure }));
    return { refused: failure };
  }
  const { txId } = made.transaction;
  await tellOthers(given, actor, link);
  const event = "link.asked";
  await changeLink(given, link, { actor, event }, (held) => (held.txId === txId ? held : { ...held, txId }));
  return "asked";
}

const HOUR_MS = 3_600_000;

/**
 * The chats that he has already learn of it before anything is signed: that is when an objection still costs nothing.
 * Once an hour, because whoever holds a `submit` token can ask as often as he likes, and each may be an SMS.
 */
function tellOthers(given: CoreGiven, actor: string, { tenantId, userId, linkId, platform }: Link): Promise<void> {
  const hour = Math.floor(given.store.now() / HOUR_MS);
  const alert = { event: `LINK_ASKED\0${hour}`, type: "LINK_ASKED", detail: platform } as const;
  const audited = { event: "link.told", actor, detail: { link: linkId } };
  return alertOnce(given, { tenantId, userId }, alert, audited);
}

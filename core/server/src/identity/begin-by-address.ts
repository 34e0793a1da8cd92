// A link of mail or SMS: nobody can send a token there, so its LINK goes to the address at once. docs/protocol/delivery.md section 7.
import { toHex } from "@countersign/protocol";
import { claimChat, occupiedBy, type Claimant } from "../channel/claim-chat.ts";
import { currentBot } from "../channel/deep-link.ts";
import type { CoreGiven } from "../given.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { Reservation } from "../store/reservation.ts";
import { actorOfUse, reserve } from "../transaction/reserve.ts";
import { addressLimit, countAddressLink, type AddressLink } from "./address-rate.ts";
import type { BegunLink, LinkStart } from "./begin-link.ts";
import { changeLink } from "./change-link.ts";
import { readAddress, type AddressPlatform } from "./link-address.ts";
import { isUnclaimed } from "./link-index.ts";
import { LINK_TOKEN_MS } from "./link-token.ts";
import { loadLink } from "./load-links.ts";
import { makeLink } from "./make-link.ts";

/** The same whoever has it, so that it tells no more than that somebody has. */
const OCCUPIED = refuse("ALREADY_EXISTS", "address: it is linked, or being linked. It cannot be linked once more.");

/**
 * Counted and then made, under ids that the request_id reserved: a retry finishes what a crash left, at the same bot.
 * What becomes of the LINK is WatchLink's to tell.
 */
export async function beginByAddress(
  given: CoreGiven,
  start: LinkStart,
  platform: AddressPlatform,
  text: string,
): Promise<BegunLink | Refusal> {
  const { tenantId } = start.use;
  const { userId } = start.user;
  const address = readAddress(platform, text);
  if (isRefusal(address)) return address;
  const link: AddressLink = { tenantId, userId, platform, address };
  const reservation = start.known ?? (await reserveAt(given, start, link));
  if (isRefusal(reservation)) return reservation;
  const { linkId = "", botId = "" } = reservation.drawn;
  const until = reservation.at + LINK_TOKEN_MS;
  const begun: BegunLink = { linkId, linkToken: "", deepLink: "", expiresAt: until };
  const held = await loadLink(given, link, linkId);
  if (!isRefusal(held) && !isUnclaimed(held)) return held.failure === OCCUPIED.refused ? OCCUPIED : begun;
  const actor = actorOfUse(start.use);
  const counted = await countAddressLink(given, link, linkId, actor);
  if (isRefusal(counted)) return counted;
  const claimant: Claimant = { tenantId, botId, peerId: address, peerName: "", peerIdentity: "", actor };
  const occupied = await occupiedBy(given, claimant);
  if (occupied !== undefined && occupied !== linkId) return OCCUPIED;
  const made = await makeLink(given, { tenantId, userId, linkId, platform, until }, undefined, actor);
  if (isRefusal(made)) return made;
  return (await claimed(given, claimant, { tenantId, userId, linkId })) ?? begun;
}

/** Everything that costs nothing is asked before anything is stored. */
async function reserveAt(
  given: CoreGiven,
  { use, user }: LinkStart,
  link: AddressLink,
): Promise<Reservation | Refusal> {
  if (user.state !== "ACTIVE") {
    return refuse("USER_BLOCKED", `The user is ${user.state}: no channel can be linked for him.`);
  }
  const bot = await currentBot(given, link.tenantId, link.platform);
  if (bot === undefined) {
    return refuse("UNAVAILABLE", `platform: no bot of ${link.platform} was ever attached. Start it, then ask again.`);
  }
  const limited = await addressLimit(given, link);
  return limited ?? reserve(given, use, { linkId: toHex(given.random.bytes(16)), botId: bot.botId });
}

/** The same steps as when a chat shows its token. undefined: it was asked, or WatchLink tells why not. */
async function claimed(
  given: CoreGiven,
  claimant: Claimant,
  name: Pick<AddressLink, "tenantId" | "userId"> & { readonly linkId: string },
): Promise<Refusal | undefined> {
  const outcome = await claimChat(given, claimant, name);
  if (outcome === "occupied") {
    // Somebody was faster by a moment.
    await changeLink(given, name, { actor: claimant.actor, event: "link.refused" }, (link) =>
      link.state === "WAITING" ? { ...link, state: "FAILED", failure: OCCUPIED.refused } : undefined,
    );
    return OCCUPIED;
  }
  const unavailable = typeof outcome === "object" && outcome.refused === "UNAVAILABLE";
  return unavailable
    ? refuse("UNAVAILABLE", "Too many changes at once. Ask again.", { retryAfterMs: 1000 })
    : undefined;
}

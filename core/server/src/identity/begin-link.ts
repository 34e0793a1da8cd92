// How a link begins: a token that a chat has to show, or an address. docs/protocol/delivery.md section 7.
import { toHex } from "@countersign/protocol";
import { deepLinkOf } from "../channel/deep-link.ts";
import { isPlatform, PLATFORM_TRAITS } from "../delivery/platform-trait.ts";
import type { CoreGiven } from "../given.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { Reservation } from "../store/reservation.ts";
import { actorOfUse, findReservation, reserve, type RequestUse } from "../transaction/reserve.ts";
import { beginByAddress } from "./begin-by-address.ts";
import { loadUser } from "./change-user.ts";
import { directoryOf } from "./directory.ts";
import { tenantKey } from "./entity-key.ts";
import { LINK_TOKEN_MS, linkTokenOf } from "./link-token.ts";
import { makeLink } from "./make-link.ts";
import { openLinks } from "./open-links.ts";
import type { Platform } from "./tenant.ts";
import type { User } from "./user.ts";

/** Channels of one user. */
export const MOST_LINKS = 16;

export interface BegunLink {
  readonly linkId: HexId;
  /** Empty where the link is by address. */
  readonly linkToken: string;
  readonly deepLink: string;
  readonly expiresAt: UnixMs;
}

/** A link that may begin, or began in an earlier call with the same request_id. */
export interface LinkStart {
  readonly use: RequestUse;
  readonly user: User;
  readonly known: Reservation | undefined;
}

/**
 * Begins a link, once for a request_id: by a token for a chat, of which the store holds the hash alone, or by an address
 * of mail and SMS.
 */
export async function beginLink(
  given: CoreGiven,
  use: RequestUse,
  asked: { readonly userId: string; readonly platform: string; readonly address: string },
): Promise<BegunLink | Refusal> {
  const { tenantId } = use;
  const user = await loadUser(given, { tenantId, userId: asked.userId });
  if (isRefusal(user)) return user;
  const platform = await allowedPlatform(given, tenantId, asked.platform);
  if (isRefusal(platform)) return platform;
  const known = await findReservation(given, use);
  if (isRefusal(known)) return known;
  if (known === undefined && user.linkIds.length >= MOST_LINKS) {
    return refuse("RATE_LIMITED", `The user has ${MOST_LINKS} channels. Unlink one first.`);
  }
  const start = { use, user, known };
  if (platform === "mail" || platform === "sms") return beginByAddress(given, start, platform, asked.address);
  if (asked.address !== "") return badInput("address", `must be empty: a chat of ${platform} is linked by its token`);
  return beginByToken(given, start, platform);
}

async function beginByToken(
  given: CoreGiven,
  { use, user, known }: LinkStart,
  platform: Platform,
): Promise<BegunLink | Refusal> {
  const { tenantId } = use;
  const reservation = known ?? (await reserve(given, use, { linkId: toHex(given.random.bytes(16)) }));
  if (isRefusal(reservation)) return reservation;
  const linkId = reservation.drawn["linkId"] ?? "";
  const until = reservation.at + LINK_TOKEN_MS;
  const linkToken = linkTokenOf(given.secrets, linkId);
  // First: a bot that is asked whether it may come must not answer no while the token is about.
  const opened = await openLinks(given, { tenantId, platform, until }, actorOfUse(use));
  if (isRefusal(opened)) return opened;
  const made = await makeLink(
    given,
    { tenantId, userId: user.userId, linkId, platform, until },
    linkToken,
    actorOfUse(use),
  );
  if (isRefusal(made)) return made;
  return { linkId, linkToken, deepLink: await deepLinkOf(given, tenantId, platform, linkToken), expiresAt: until };
}

async function allowedPlatform(given: CoreGiven, tenantId: HexId, platform: string): Promise<Platform | Refusal> {
  if (!isPlatform(platform)) return badInput("platform", `must be one of ${Object.keys(PLATFORM_TRAITS).join(", ")}`);
  const tenant = await directoryOf(given.store).get(tenantKey(tenantId));
  const allowed = tenant?.policy.channels.includes(platform) === true && (platform !== "sandbox" || given.development);
  return allowed ? platform : badInput("platform", "the policy does not allow this platform");
}

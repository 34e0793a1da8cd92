import type { EntityKey, HexId } from "../store/entity.ts";
import type { Platform } from "./tenant.ts";

// Keys of the entities that more than one flow reads. What is found by a token or an id that came from outside, before
// its tenant is known, belongs to the installation: tenant "".

export function tenantKey(tenantId: HexId): EntityKey<"tenant"> {
  return { type: "tenant", tenant: "", id: tenantId };
}
export function appKey(tenantId: HexId, appId: HexId): EntityKey<"app"> {
  return { type: "app", tenant: tenantId, id: appId };
}
export function botKey(tenantId: HexId, botId: HexId): EntityKey<"bot"> {
  return { type: "bot", tenant: tenantId, id: botId };
}
/** `id`: tokenId(token). */
export function tokenKey(id: string): EntityKey<"token"> {
  return { type: "token", tenant: "", id };
}
export function grantKey(grantId: HexId): EntityKey<"grant"> {
  return { type: "grant", tenant: "", id: grantId };
}
/** `id`: tokenId(token). */
export function enrolmentKey(id: string): EntityKey<"enrolment"> {
  return { type: "enrolment", tenant: "", id };
}
/** `id`: tokenId(token). */
export function linkTokenKey(id: string): EntityKey<"link-token"> {
  return { type: "link-token", tenant: "", id };
}
/** In shardOfUser. */
export function userKey(tenantId: HexId, userId: string): EntityKey<"user"> {
  return { type: "user", tenant: tenantId, id: userId };
}
/** In shardOfUser. */
export function keyKey(tenantId: HexId, keyId: HexId): EntityKey<"key"> {
  return { type: "key", tenant: tenantId, id: keyId };
}
/** In shardOfUser. */
export function linkKey(tenantId: HexId, linkId: HexId): EntityKey<"link"> {
  return { type: "link", tenant: tenantId, id: linkId };
}
/** Key ids are unique in the installation: a key signs for one core. */
export function keyOwnerKey(keyId: HexId): EntityKey<"key-owner"> {
  return { type: "key-owner", tenant: "", id: keyId };
}
export function linkOwnerKey(tenantId: HexId, linkId: HexId): EntityKey<"link-owner"> {
  return { type: "link-owner", tenant: tenantId, id: linkId };
}
/** Until when a token for a chat of this platform may be about. */
export function openLinksKey(tenantId: HexId, platform: Platform): EntityKey<"open-links"> {
  return { type: "open-links", tenant: tenantId, id: platform };
}
/** `of`: what is counted, as 64 hexadecimal digits. */
export function linkRateKey(tenantId: HexId, of: string): EntityKey<"link-rate"> {
  return { type: "link-rate", tenant: tenantId, id: of };
}
/** `peerId`: the stable id of the chat on the bot's platform. */
export function peerKey(tenantId: HexId, botId: HexId, peerId: string): EntityKey<"peer"> {
  return { type: "peer", tenant: tenantId, id: `${botId}:${peerId}` };
}
/** In shardOfUser. */
export function userEntryKey(tenantId: HexId, userId: string): EntityKey<"user-entry"> {
  return { type: "user-entry", tenant: tenantId, id: userId };
}
export function adminKey(adminId: string): EntityKey<"admin"> {
  return { type: "admin", tenant: "", id: adminId };
}
export function changeKey(changeId: HexId): EntityKey<"change"> {
  return { type: "change", tenant: "", id: changeId };
}
/** There is one. */
export const administrationKey: EntityKey<"administration"> = {
  type: "administration",
  tenant: "",
  id: "installation",
};

// What an administrator does for himself: his key, his chat.
import {
  AdminServiceBeginOwnEnrolmentRequest,
  AdminServiceBeginOwnLinkRequest,
  AdminServiceWatchOwnLinkResponse,
  AdminServiceWhoAmIResponse,
  type AdminServiceBeginOwnEnrolmentResponse,
  type AdminServiceBeginOwnLinkResponse,
  type AdminServiceConfirmOwnKeyRequest,
  type AdminServiceConfirmOwnKeyResponse,
  type AdminServiceWatchOwnLinkRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { LinkServiceBeginLinkResponse } from "@countersign/proto/node/core/v1/link_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { beginEnrolment } from "../identity/begin-enrolment.ts";
import { beginLink } from "../identity/begin-link.ts";
import { loadUser } from "../identity/change-user.ts";
import { enrolmentResponse } from "../identity/enrolment-message.ts";
import { administrationKey, adminKey } from "../identity/entity-key.ts";
import { confirmFingerprint } from "../identity/key-change.ts";
import { keyMessage } from "../identity/key-message.ts";
import { loadKeys } from "../identity/load-keys.ts";
import { loadLinks } from "../identity/load-links.ts";
import { watchLink } from "../identity/watch-link.ts";
import { adminOf, type AdminCaller } from "../rpc/caller.ts";
import type { Call, Send } from "../rpc/handler.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD } from "../store/entity.ts";
import { bodyHashOf, checkRequestId } from "../transaction/reserve.ts";
import { recoveryFor } from "./recovery-for.ts";
import { adminMessage } from "./admin-message.ts";
import { changeDirectory } from "./change-directory.ts";

export async function whoAmI(given: CoreGiven, { caller }: Call): Promise<AdminServiceWhoAmIResponse | Refusal> {
  const { adminId: userId } = adminOf(caller);
  const { entities, now } = await given.store.load(ADMINISTRATION_SHARD, adminKey(userId), administrationKey);
  const [{ body: admin }, { body: administration }] = entities;
  const user = await loadUser(given, { tenantId: ADMINISTRATION, userId });
  if (admin === undefined || isRefusal(user)) throw new Error("who is authenticated has a record and a user");
  const keys = await loadKeys(given, user, user.keyIds);
  const links = await loadLinks(given, user);
  return AdminServiceWhoAmIResponse.create({
    admin: adminMessage(admin, now),
    hasKey: keys.some(({ state }) => state === "ACTIVE"),
    hasChat: !isRefusal(links) && links.some(({ state }) => state === "LINKED"),
    mayConfirmOwnKey: administration?.first === userId && !administration.ownKeyConfirmed,
    administrationTenantId: ADMINISTRATION,
  });
}

export async function beginOwnEnrolment(
  given: CoreGiven,
  request: AdminServiceBeginOwnEnrolmentRequest,
  { caller }: Call,
): Promise<AdminServiceBeginOwnEnrolmentResponse | Refusal> {
  const { requestId, fido } = request;
  const bad = checkRequestId(requestId);
  if (bad !== undefined) return bad;
  const { adminId: userId } = adminOf(caller);
  const bodyHash = bodyHashOf("enrolment.begin", AdminServiceBeginOwnEnrolmentRequest.encode(request).finish());
  const use = { ...useOf(adminOf(caller)), rpc: "enrolment.begin", requestId, bodyHash };
  const recovery = await recoveryFor(given, { tenantId: ADMINISTRATION, userId });
  const begun = await beginEnrolment(given, use, { userId, serial: undefined, digits: false, fido, ...recovery });
  if (isRefusal(begun)) return begun;
  return { enrolment: await enrolmentResponse(given, ADMINISTRATION, begun) };
}

/** Nobody else can have looked at its display yet, so who holds the one-time token is believed: once. */
export async function confirmOwnKey(
  given: CoreGiven,
  { keyId, fingerprint }: AdminServiceConfirmOwnKeyRequest,
  { caller }: Call,
): Promise<AdminServiceConfirmOwnKeyResponse | Refusal> {
  const { adminId } = adminOf(caller);
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, administrationKey);
  const administration = entities[0].body;
  if (administration?.first !== adminId || administration.ownKeyConfirmed) return notOwn;
  const user = await loadUser(given, { tenantId: ADMINISTRATION, userId: adminId });
  if (isRefusal(user) || !user.keyIds.includes(keyId)) return refuse("NOT_FOUND", "key_id: there is no such key");
  const by = { actor: `admin:${adminId}`, detail: {} };
  const key = await confirmFingerprint(given, { tenantId: ADMINISTRATION, keyId, fingerprint }, by.actor);
  if (isRefusal(key)) return key;
  const closed = await changeDirectory(given, { key: administrationKey, tenant: "" }, by, (held) =>
    held === undefined || held.ownKeyConfirmed
      ? "same"
      : {
          body: { ...held, ownKeyConfirmed: true },
          event: "administration.closed",
          before: "first key open",
          after: keyId,
        },
  );
  return isRefusal(closed) ? closed : { key: keyMessage(key) };
}

const notOwn = refuse(
  "STATE_CONFLICT",
  "Only the first administrator confirms his first key himself, once. Another administrator asks for confirm_key.",
);

export async function beginOwnLink(
  given: CoreGiven,
  request: AdminServiceBeginOwnLinkRequest,
  { caller }: Call,
): Promise<AdminServiceBeginOwnLinkResponse | Refusal> {
  const { requestId, platform, address } = request;
  const bad = checkRequestId(requestId);
  if (bad !== undefined) return bad;
  const bodyHash = bodyHashOf("link.begin", AdminServiceBeginOwnLinkRequest.encode(request).finish());
  const use = { ...useOf(adminOf(caller)), rpc: "link.begin", requestId, bodyHash };
  const begun = await beginLink(given, use, { userId: adminOf(caller).adminId, platform, address });
  if (isRefusal(begun)) return begun;
  return { link: LinkServiceBeginLinkResponse.create({ ...begun, expiresAt: timestampOf(begun.expiresAt) }) };
}

export function watchOwnLink(
  given: CoreGiven,
  { linkId }: AdminServiceWatchOwnLinkRequest,
  { caller, signal }: Call,
  send: Send<AdminServiceWatchOwnLinkResponse>,
): Promise<void | Refusal> {
  const { adminId: userId } = adminOf(caller);
  return watchLink(given, { tenantId: ADMINISTRATION, userId, linkId, signal }, (link) =>
    send(AdminServiceWatchOwnLinkResponse.create({ link })),
  );
}

function useOf({ adminId }: AdminCaller): { readonly tenantId: string; readonly by: string } {
  return { tenantId: ADMINISTRATION, by: `admin:${adminId}` };
}

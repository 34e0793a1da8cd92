import {
  AdminServiceCreateUserRequest,
  AdminServiceInviteUserRequest,
  type AdminServiceInviteUserResponse,
} from "@countersign/proto/node/admin/v1/admin_service";
import type { CoreGiven } from "../given.ts";
import { beginEnrolment } from "../identity/begin-enrolment.ts";
import { createUser } from "../identity/create-user.ts";
import { enrolmentResponse } from "../identity/enrolment-message.ts";
import { checkPhrase, checkUserId, readLocale } from "../identity/user-name.ts";
import type { User } from "../identity/user.ts";
import type { AdminCaller } from "../rpc/caller.ts";
import { recoveryFor } from "./recovery-for.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import { bodyHashOf, checkRequestId } from "../transaction/reserve.ts";

/** He can confirm nothing before he has a key that was accepted, and a chat that his key signed. */
export async function createUserFor(
  given: CoreGiven,
  { adminId }: AdminCaller,
  tenantId: HexId,
  request: AdminServiceCreateUserRequest,
): Promise<User | Refusal> {
  const { requestId, userId, phrase } = request;
  const bad = checkRequestId(requestId) ?? checkUserId(userId) ?? checkPhrase(phrase);
  if (bad !== undefined) return bad;
  const locale = readLocale(request.locale);
  if (isRefusal(locale)) return locale;
  const bodyHash = bodyHashOf("user.create", AdminServiceCreateUserRequest.encode(request).finish());
  const use = { tenantId, by: `admin:${adminId}`, rpc: "user.create", requestId, bodyHash };
  return createUser(given, use, { userId, phrase, locale });
}

/** Without a binding: whose the first key is takes a change `confirm_key`. */
export async function inviteUser(
  given: CoreGiven,
  { adminId }: AdminCaller,
  tenantId: HexId,
  request: AdminServiceInviteUserRequest,
): Promise<AdminServiceInviteUserResponse | Refusal> {
  const { requestId, userId, fido } = request;
  const bad = checkRequestId(requestId) ?? checkUserId(userId);
  if (bad !== undefined) return bad;
  const bodyHash = bodyHashOf("enrolment.begin", AdminServiceInviteUserRequest.encode(request).finish());
  const use = { tenantId, by: `admin:${adminId}`, rpc: "enrolment.begin", requestId, bodyHash };
  const recovery = await recoveryFor(given, { tenantId, userId });
  const begun = await beginEnrolment(given, use, { userId, serial: undefined, digits: false, fido, ...recovery });
  return isRefusal(begun) ? begun : { enrolment: await enrolmentResponse(given, tenantId, begun) };
}

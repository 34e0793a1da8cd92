import {
  User as UserMessage,
  UserServiceCreateRequest,
  UserServiceRequestThawRequest,
  UserServiceService,
  UserState,
  type UserServiceServer,
} from "@countersign/proto/node/core/v1/user_service";
import type { CoreGiven } from "../given.ts";
import { actorOf, anyApp, appOf, submitApp, unary, type Call } from "../rpc/handler.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import type { UnixMs } from "../store/entity.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import { bodyHashOf, checkRequestId } from "../transaction/reserve.ts";
import { tellTransaction } from "../transaction/transaction-message.ts";
import { changeUser, loadUser, type UserChange } from "./change-user.ts";
import { createUser } from "./create-user.ts";
import { mayNotDecide } from "./may-decide.ts";
import { requestThaw } from "./request-thaw.ts";
import { checkPhrase, checkUserId, readLocale } from "./user-name.ts";
import { frozen, withoutRecovery } from "./user-recovery.ts";
import type { User } from "./user.ts";

export function userService(given: CoreGiven): Service {
  const implementation: UserServiceServer = {
    create: unary(given, submitApp, async (request: UserServiceCreateRequest, call) =>
      answer(await create(given, request, call)),
    ),
    get: unary(given, submitApp, async ({ userId }: { userId: string }, call) =>
      answer(checkUserId(userId) ?? (await loadUser(given, { tenantId: appOf(call.caller).tenantId, userId }))),
    ),
    suspend: unary(given, anyApp, async ({ userId }: { userId: string }, call) =>
      answer(mayNotDecide(given, call.caller) ?? (await change(given, userId, call, suspended))),
    ),
    freeze: unary(given, submitApp, async ({ userId }: { userId: string }, call) =>
      answer(await change(given, userId, call, freeze)),
    ),
    requestThaw: unary(given, submitApp, (request: UserServiceRequestThawRequest, call) => thaw(given, request, call)),
  };
  return { definition: UserServiceService, implementation };
}

async function create(given: CoreGiven, request: UserServiceCreateRequest, { caller }: Call): Promise<User | Refusal> {
  const { requestId, userId, phrase } = request;
  const refusal = checkRequestId(requestId) ?? checkUserId(userId) ?? checkPhrase(phrase);
  if (refusal !== undefined) return refusal;
  const locale = readLocale(request.locale);
  if (isRefusal(locale)) return locale;
  const { tenantId, appId } = appOf(caller);
  const bodyHash = bodyHashOf("user.create", UserServiceCreateRequest.encode(request).finish());
  return createUser(
    given,
    { tenantId, by: appId, rpc: "user.create", requestId, bodyHash },
    { userId, phrase, locale },
  );
}

async function change(
  given: CoreGiven,
  userId: string,
  { caller }: Call,
  how: (user: User, now: UnixMs) => UserChange | User | Refusal,
): Promise<User | Refusal> {
  const { tenantId } = appOf(caller);
  return checkUserId(userId) ?? changeUser(given, { tenantId, userId }, actorOf(caller), how);
}

/** Whatever was on its way for him ends: nobody replaces the keys of a user who was taken out. */
function suspended(user: User, now: UnixMs): UserChange | User {
  const safe = withoutRecovery(user, now);
  if (user.state === "SUSPENDED") return safe === user ? user : { user: safe, event: "recovery.stopped" };
  return { user: { ...safe, state: "SUSPENDED" }, event: "user.suspended", tell: { type: "USER_SUSPENDED" } };
}

/** Also a blocked user: "not me" outlives the five wrong codes. */
function freeze(user: User, now: UnixMs): UserChange | User | Refusal {
  if (user.state === "SUSPENDED")
    return refuse("STATE_CONFLICT", "The user is suspended, which stops more than a freeze.");
  const after = frozen(user, now);
  if (after === user) return user;
  if (user.state === "FROZEN") return { user: after, event: "recovery.stopped" };
  return { user: after, event: "user.frozen", tell: { type: "FROZEN" } };
}

async function thaw(given: CoreGiven, request: UserServiceRequestThawRequest, { caller }: Call) {
  const { requestId, userId } = request;
  const refusal = checkRequestId(requestId) ?? checkUserId(userId);
  if (refusal !== undefined) return refusal;
  const { tenantId, appId } = appOf(caller);
  const bodyHash = bodyHashOf("user.thaw", UserServiceRequestThawRequest.encode(request).finish());
  const created = await requestThaw(given, { tenantId, userId, createdBy: appId, requestId, bodyHash });
  if (isRefusal(created)) return created;
  const { transaction, confirmationToken } = created;
  return { transaction: await tellTransaction(given, transaction), confirmationToken };
}

function answer(user: User | Refusal): { user: UserMessage } | Refusal {
  return isRefusal(user) ? user : { user: userMessage(user) };
}

function userMessage(user: User): UserMessage {
  const { userId, locale, createdAt, state } = user;
  return UserMessage.create({ userId, locale, state: UserState[state], createdAt: timestampOf(createdAt) });
}

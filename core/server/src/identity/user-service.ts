import {
  type User as UserMessage,
  UserServiceCreateRequest,
  UserServiceRequestThawRequest,
  UserServiceService,
  type UserServiceServer,
} from "@countersign/proto/node/core/v1/user_service";
import type { CoreGiven } from "../given.ts";
import { actorOf, anyApp, appOf, submitApp, unary, type Call } from "../rpc/handler.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import type { UnixMs } from "../store/entity.ts";
import { bodyHashOf, checkRequestId } from "../transaction/reserve.ts";
import { tellTransaction } from "../transaction/transaction-message.ts";
import { changeUser, loadUser, type UserChange } from "./change-user.ts";
import { createUser } from "./create-user.ts";
import { mayNotDecide } from "./may-decide.ts";
import { requestThaw } from "./request-thaw.ts";
import { freeze, suspended } from "./stop-user.ts";
import { userMessage } from "./user-message.ts";
import { checkPhrase, checkUserId, readLocale } from "./user-name.ts";
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

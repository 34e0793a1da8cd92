// The RPCs of administrators: who may call which is in rpc/permission.ts; here is whose what is.
import {
  AdminServiceGetTransactionResponse,
  AdminServiceService,
  type AdminServiceServer,
} from "@countersign/proto/node/admin/v1/admin_service";
import { CodeServiceGetDeliveryResponse } from "@countersign/proto/node/core/v1/code_service";
import { attemptMessage } from "../code/delivery-message.ts";
import { promptsOf } from "../code/prompts.ts";
import type { CoreGiven } from "../given.ts";
import { keyMessage } from "../identity/key-message.ts";
import { revokeKey } from "../identity/key-change.ts";
import { channelMessage } from "../identity/link-message.ts";
import type { Tenant } from "../identity/tenant.ts";
import { userMessage } from "../identity/user-message.ts";
import {
  adminOf,
  anyAdmin,
  changingAdmin,
  confirmationToken,
  invitation,
  nobody,
  stoppingAdmin,
  type AdminCaller,
} from "../rpc/caller.ts";
import { actorOf, serverStream, unary, type Call } from "../rpc/handler.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import { tellTransaction } from "../transaction/transaction-message.ts";
import { adminMessage, appMessage, changeMessage, policyMessage, tokenMessages } from "./admin-message.ts";
import { claim } from "./claim.ts";
import { listDeliveries, requeueDelivery } from "./deliveries.ts";
import { rejectChange } from "./end-change.ts";
import { explainDelivery } from "./explain-delivery.ts";
import { createUserFor, inviteUser } from "./invite-user.ts";
import { listAdmins, listApps, listBots, listChanges, listKeys, listLinks, listTenants, tellBot } from "./list.ts";
import { listUsers } from "./list-people.ts";
import { getSummary } from "./list-summary.ts";
import { listTransactions } from "./list-transactions.ts";
import { loadChange } from "./load-change.ts";
import { beginLogin, finishLogin } from "./login.ts";
import { beginOwnEnrolment, beginOwnLink, confirmOwnKey, watchOwnLink, whoAmI } from "./own.ts";
import type { PageOf } from "./page.ts";
import { approveChange, requestChange, type Asked } from "./request-change.ts";
import { sendTestMessage } from "./send-test.ts";
import { simulatePolicy } from "./simulate-policy.ts";
import * as stop from "./stop.ts";
import { relyingPartyOf, tenantOf } from "./tenant-of.ts";
import { eventMessage, eventsOf } from "./transaction-events.ts";

export function adminService(given: CoreGiven): Service {
  const implementation: AdminServiceServer = {
    ...selfRpcs(given),
    ...sessionRpcs(given),
    ...readRpcs(given),
    ...stopRpcs(given),
    ...changeRpcs(given),
  };
  return { definition: AdminServiceService, implementation };
}

type Rpcs<N extends keyof AdminServiceServer> = Pick<AdminServiceServer, N>;

function selfRpcs(
  given: CoreGiven,
): Rpcs<"whoAmI" | "claim" | "beginOwnEnrolment" | "confirmOwnKey" | "beginOwnLink" | "watchOwnLink"> {
  return {
    whoAmI: unary(given, anyAdmin, (_request, call) => whoAmI(given, call)),
    claim: unary(given, invitation, async (request, { caller }) =>
      mapped(await claim(given, caller, request), (admin) => ({ admin: adminMessage(admin, given.store.now()) })),
    ),
    beginOwnEnrolment: unary(given, anyAdmin, (request, call) => beginOwnEnrolment(given, request, call)),
    confirmOwnKey: unary(given, anyAdmin, (request, call) => confirmOwnKey(given, request, call)),
    beginOwnLink: unary(given, anyAdmin, (request, call) => beginOwnLink(given, request, call)),
    watchOwnLink: serverStream(given, anyAdmin, (request, call, send) => watchOwnLink(given, request, call, send)),
  };
}

function sessionRpcs(given: CoreGiven): Rpcs<"beginLogin" | "finishLogin" | "logOut"> {
  return {
    beginLogin: unary(given, nobody, async (request) =>
      mapped(await beginLogin(given, request), async ({ transaction, confirmationToken: token }) => ({
        transaction: await tellTransaction(given, transaction),
        confirmationToken: token,
      })),
    ),
    finishLogin: unary(given, confirmationToken, (_request, { caller }) => finishLogin(given, caller)),
    logOut: unary(given, anyAdmin, async ({ tokenSha256 }, { caller }) =>
      mapped(await stop.endOwnToken(given, adminOf(caller), tokenSha256), () => ({})),
    ),
  };
}

function readRpcs(
  given: CoreGiven,
): Rpcs<
  | "listAdmins"
  | "listTenants"
  | "listApps"
  | "listBots"
  | "getPolicy"
  | "simulatePolicy"
  | "listUsers"
  | "listKeys"
  | "listLinks"
  | "listTransactions"
  | "getSummary"
  | "getTransaction"
  | "listDeliveries"
  | "explainDelivery"
  | "sendTestMessage"
  | "getChange"
  | "listChanges"
> {
  const now = (): number => given.store.now();
  return {
    listAdmins: unary(given, anyAdmin, async (request, call) =>
      mapped(await listAdmins(given, adminOf(call.caller), request), paged("admins")),
    ),
    listTenants: unary(given, anyAdmin, async (request, call) =>
      mapped(await listTenants(given, adminOf(call.caller), request), paged("tenants")),
    ),
    listApps: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }) =>
        mapped(await listApps(given, tenantId, request), paged("apps")),
      ),
    ),
    listBots: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }) =>
        mapped(await listBots(given, tenantId, request), paged("bots")),
      ),
    ),
    getPolicy: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, async (tenant) => ({ policy: policyMessage(tenant.policy, tenant.policyVersion) })),
    ),
    simulatePolicy: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, (tenant) => simulatePolicy(given, tenant, request)),
    ),
    listUsers: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }) =>
        mapped(await listUsers(given, tenantId, request), ({ items, nextPageToken }) => ({
          users: items.map(userMessage),
          nextPageToken,
        })),
      ),
    ),
    listKeys: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }) =>
        mapped(await listKeys(given, tenantId, request), ({ recoveries, ...page }) => ({
          ...paged("keys")(page),
          recoveries,
        })),
      ),
    ),
    listLinks: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }) =>
        mapped(await listLinks(given, tenantId, request), paged("channels")),
      ),
    ),
    listTransactions: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }) =>
        mapped(await listTransactions(given, tenantId, request), async ({ items, nextPageToken }) => ({
          transactions: await Promise.all(items.map((one) => tellTransaction(given, one))),
          nextPageToken,
        })),
      ),
    ),
    getSummary: unary(given, anyAdmin, async (request, call) => {
      const admin = adminOf(call.caller);
      if (request.tenantId === "" && admin.tenantId === "") return getSummary(given, undefined);
      return within(given, call, request, ({ tenantId }) => getSummary(given, tenantId));
    }),
    getTransaction: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, ({ tenantId }) => getTransaction(given, tenantId, request.transactionId)),
    ),
    listDeliveries: unary(given, anyAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }) =>
        mapped(await listDeliveries(given, tenantId, request), paged("deliveries")),
      ),
    ),
    explainDelivery: unary(given, anyAdmin, (request, call) => explainDelivery(given, adminOf(call.caller), request)),
    sendTestMessage: unary(given, anyAdmin, (request, call) => sendTestMessage(given, adminOf(call.caller), request)),
    getChange: unary(given, anyAdmin, async ({ changeId }, call) =>
      mapped(await loadChange(given, adminOf(call.caller), changeId), (change) => ({
        change: changeMessage(change, now()),
      })),
    ),
    listChanges: unary(given, anyAdmin, async (request, call) =>
      mapped(await listChanges(given, adminOf(call.caller), request), paged("changes")),
    ),
  };
}

async function getTransaction(
  given: CoreGiven,
  tenantId: string,
  transactionId: string,
): Promise<AdminServiceGetTransactionResponse | Refusal> {
  const found = await stop.loadTransaction(given, tenantId, transactionId);
  if (isRefusal(found)) return found;
  const [{ prompts }, events] = await Promise.all([promptsOf(given, found), eventsOf(given, found)]);
  const signed = events.find(([, { event }]) => event === "statement.tampered")?.[1].detail["signedDigest"];
  return AdminServiceGetTransactionResponse.create({
    transaction: await tellTransaction(given, found),
    delivery: CodeServiceGetDeliveryResponse.create({ attempts: prompts.map(attemptMessage) }),
    events: events.map(eventMessage),
    signedDigest: Buffer.from(typeof signed === "string" ? signed : "", "hex"),
  });
}

function stopRpcs(
  given: CoreGiven,
): Rpcs<
  | "disableAdmin"
  | "disableApp"
  | "disableBot"
  | "pauseBot"
  | "revokeToken"
  | "createUser"
  | "inviteUser"
  | "suspendUser"
  | "freezeUser"
  | "revokeKey"
  | "revokeLink"
  | "cancelTransaction"
  | "requeueDelivery"
> {
  const now = (): number => given.store.now();
  return {
    disableAdmin: unary(given, stoppingAdmin, async ({ adminId }, { caller }) =>
      mapped(await stop.disableAdmin(given, adminOf(caller), adminId), (admin) => ({
        admin: adminMessage(admin, now()),
      })),
    ),
    disableApp: unary(given, stoppingAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }, caller) =>
        mapped(await stop.disableApp(given, caller, tenantId, request.appId), (app) => ({
          app: appMessage(app, now()),
        })),
      ),
    ),
    disableBot: unary(given, stoppingAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }, caller) =>
        mapped(await stop.disableBot(given, caller, tenantId, request.botId), async (bot) => ({
          bot: await tellBot(given, bot),
        })),
      ),
    ),
    pauseBot: unary(given, stoppingAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }, caller) =>
        mapped(await stop.pauseBot(given, caller, tenantId, request.botId), async (bot) => ({
          bot: await tellBot(given, bot),
        })),
      ),
    ),
    revokeToken: unary(given, stoppingAdmin, async (request, { caller }) => {
      const admin = adminOf(caller);
      const tenant = async (): Promise<string | Refusal> =>
        mapped(await tenantOf(given, admin, request.tenantId), ({ tenantId }) => tenantId);
      return mapped(await stop.revokeToken(given, admin, tenant, request), (held) => ({
        tokens: tokenMessages(held, now()),
      }));
    }),
    createUser: unary(given, changingAdmin, (request, call) =>
      withinParty(given, call, request, async ({ tenantId }, caller) =>
        mapped(await createUserFor(given, caller, tenantId, request), (user) => ({ user: userMessage(user) })),
      ),
    ),
    inviteUser: unary(given, changingAdmin, (request, call) =>
      withinParty(given, call, request, ({ tenantId }, caller) => inviteUser(given, caller, tenantId, request)),
    ),
    suspendUser: unary(given, stoppingAdmin, (request, call) =>
      withinParty(given, call, request, async ({ tenantId }, caller) =>
        mapped(await stop.suspendUser(given, caller, tenantId, request.userId), (user) => ({
          user: userMessage(user),
        })),
      ),
    ),
    freezeUser: unary(given, stoppingAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }, caller) =>
        mapped(await stop.freezeUser(given, caller, tenantId, request.userId), (user) => ({ user: userMessage(user) })),
      ),
    ),
    revokeKey: unary(given, stoppingAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }, caller) =>
        mapped(await revokeKey(given, { tenantId, keyId: request.keyId }, actorOf(caller)), (key) => ({
          key: keyMessage(key),
        })),
      ),
    ),
    revokeLink: unary(given, stoppingAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }, caller) =>
        mapped(await stop.revokeLink(given, caller, tenantId, request), (links) => ({
          channels: links.map(channelMessage),
        })),
      ),
    ),
    requeueDelivery: unary(given, stoppingAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }, caller) =>
        mapped(await requeueDelivery(given, caller, tenantId, request), (delivery) => ({ delivery })),
      ),
    ),
    cancelTransaction: unary(given, stoppingAdmin, (request, call) =>
      within(given, call, request, async ({ tenantId }, caller) =>
        mapped(await stop.cancelTransaction(given, caller, tenantId, request), async (one) => ({
          transaction: await tellTransaction(given, one),
        })),
      ),
    ),
  };
}

function changeRpcs(given: CoreGiven): Rpcs<"requestChange" | "approveChange" | "rejectChange"> {
  const asked = async ({ change, created }: Asked) => ({
    change: changeMessage(change, given.store.now()),
    transaction: await tellTransaction(given, created.transaction),
    confirmationToken: created.confirmationToken,
  });
  return {
    requestChange: unary(given, changingAdmin, async (request, { caller }) =>
      mapped(await requestChange(given, adminOf(caller), request), asked),
    ),
    approveChange: unary(given, changingAdmin, async (request, { caller }) =>
      mapped(await approveChange(given, adminOf(caller), request), asked),
    ),
    rejectChange: unary(given, changingAdmin, async (request, { caller }) =>
      mapped(await rejectChange(given, adminOf(caller), request), (change) => ({
        change: changeMessage(change, given.store.now()),
      })),
    ),
  };
}

/** In the tenant that the request names, if the caller has a part in it. */
async function within<T>(
  given: CoreGiven,
  { caller }: Call,
  { tenantId }: { readonly tenantId: string },
  work: (tenant: Tenant, caller: AdminCaller) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  const admin = adminOf(caller);
  const tenant = await tenantOf(given, admin, tenantId);
  return isRefusal(tenant) ? tenant : work(tenant, admin);
}

async function withinParty<T>(
  given: CoreGiven,
  { caller }: Call,
  { tenantId }: { readonly tenantId: string },
  work: (tenant: Tenant, caller: AdminCaller) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  const admin = adminOf(caller);
  const tenant = await relyingPartyOf(given, admin, tenantId);
  return isRefusal(tenant) ? tenant : work(tenant, admin);
}

function mapped<T, M>(answer: T | Refusal, tell: (value: T) => M): M | Refusal {
  return isRefusal(answer) ? answer : tell(answer);
}

function paged<N extends string>(name: N) {
  return <T>({ items, nextPageToken }: PageOf<T>): { readonly nextPageToken: string } & Record<N, T[]> =>
    ({ nextPageToken, [name]: [...items] }) as { readonly nextPageToken: string } & Record<N, T[]>;
}

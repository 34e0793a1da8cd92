import {
  LinkServiceBeginLinkRequest,
  LinkServiceBeginLinkResponse,
  LinkServiceListResponse,
  LinkServiceReorderResponse,
  LinkServiceService,
  LinkServiceUnlinkRequest,
  type LinkServiceListRequest,
  type LinkServiceReorderRequest,
  type LinkServiceServer,
  type LinkServiceUnlinkResponse,
  type LinkServiceWatchLinkRequest,
} from "@countersign/proto/node/core/v1/link_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { actorOf, anyApp, appOf, serverStream, submitApp, unary, type Call } from "../rpc/handler.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import { createTransaction } from "../transaction/create.ts";
import { bodyHashOf, checkRequestId } from "../transaction/reserve.ts";
import { tellTransaction } from "../transaction/transaction-message.ts";
import { beginLink } from "./begin-link.ts";
import { changeUser, type UserName } from "./change-user.ts";
import { unlinkDraft } from "./link-draft.ts";
import { channelMessage } from "./link-message.ts";
import { loadLink, loadLinks } from "./load-links.ts";
import { mayNotDecide } from "./may-decide.ts";
import { checkUserId } from "./user-name.ts";
import { watchLink } from "./watch-link.ts";

/** The users' channels; docs/protocol/delivery.md section 7. */
export function linkService(given: CoreGiven): Service {
  const implementation: LinkServiceServer = {
    beginLink: unary(given, submitApp, (request: LinkServiceBeginLinkRequest, call) => begin(given, request, call)),
    watchLink: serverStream(given, submitApp, (request: LinkServiceWatchLinkRequest, call, send) =>
      watchLink(given, { ...nameOf(request, call), linkId: request.linkId, signal: call.signal }, send),
    ),
    list: unary(given, submitApp, (request: LinkServiceListRequest, call) => list(given, nameOf(request, call))),
    reorder: unary(given, anyApp, (request: LinkServiceReorderRequest, call) => reorder(given, request, call)),
    unlink: unary(given, submitApp, (request: LinkServiceUnlinkRequest, call) => unlink(given, request, call)),
  };
  return { definition: LinkServiceService, implementation };
}

async function begin(
  given: CoreGiven,
  request: LinkServiceBeginLinkRequest,
  { caller }: Call,
): Promise<LinkServiceBeginLinkResponse | Refusal> {
  const { requestId, userId, platform, address } = request;
  const refusal = checkRequestId(requestId) ?? checkUserId(userId);
  if (refusal !== undefined) return refusal;
  const { tenantId, appId } = appOf(caller);
  const bodyHash = bodyHashOf("link.begin", LinkServiceBeginLinkRequest.encode(request).finish());
  const use = { tenantId, by: appId, rpc: "link.begin", requestId, bodyHash };
  const begun = await beginLink(given, use, { userId, platform, address });
  if (isRefusal(begun)) return begun;
  return LinkServiceBeginLinkResponse.create({ ...begun, expiresAt: timestampOf(begun.expiresAt) });
}

async function list(given: CoreGiven, name: UserName): Promise<LinkServiceListResponse | Refusal> {
  const links = await loadLinks(given, name);
  if (isRefusal(links)) return links;
  return LinkServiceListResponse.create({ channels: links.map(channelMessage) });
}

async function reorder(
  given: CoreGiven,
  request: LinkServiceReorderRequest,
  call: Call,
): Promise<LinkServiceReorderResponse | Refusal> {
  const refusal = mayNotDecide(given, call.caller);
  if (refusal !== undefined) return refusal;
  const name = nameOf(request, call);
  const { linkIds } = request;
  const changed = await changeUser(given, name, actorOf(call.caller), (user) => {
    if (linkIds.toSorted().join() !== user.linkIds.toSorted().join()) {
      return badInput("link_ids", "must name every linked channel of the user exactly once");
    }
    if (linkIds.join() === user.linkIds.join()) return user;
    return { user: { ...user, linkIds }, event: "user.channels-reordered", detail: { order: linkIds.join() } };
  });
  if (isRefusal(changed)) return changed;
  const links = await loadLinks(given, name);
  return isRefusal(links) ? links : LinkServiceReorderResponse.create({ channels: links.map(channelMessage) });
}

/** What loosens nothing is still the user's own: his key signs that the channel goes. */
async function unlink(
  given: CoreGiven,
  request: LinkServiceUnlinkRequest,
  call: Call,
): Promise<LinkServiceUnlinkResponse | Refusal> {
  const name = nameOf(request, call);
  const { requestId, linkId } = request;
  const bad = checkRequestId(requestId) ?? checkUserId(request.userId);
  if (bad !== undefined) return bad;
  const link = await loadLink(given, name, linkId);
  if (isRefusal(link)) return link;
  const bodyHash = bodyHashOf("link.unlink", LinkServiceUnlinkRequest.encode(request).finish());
  const { appId: createdBy } = appOf(call.caller);
  const created = await createTransaction(given, unlinkDraft(link, { requestId, bodyHash, createdBy }));
  if (isRefusal(created)) return created;
  const { transaction, confirmationToken } = created;
  return { transaction: await tellTransaction(given, transaction), confirmationToken };
}

function nameOf({ userId }: { readonly userId: string }, { caller }: Call): UserName {
  return { tenantId: appOf(caller).tenantId, userId };
}

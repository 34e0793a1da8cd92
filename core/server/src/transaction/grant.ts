// A grant lets a client on a user's PC create once: for one user, for named kinds, for ten minutes at most.
import { isKind, toHex, type Kind } from "@countersign/protocol";
import { TransactionServiceCreateGrantRequest } from "@countersign/proto/node/core/v1/transaction_service";
import type { CoreGiven } from "../given.ts";
import { grantKey, userKey } from "../identity/entity-key.ts";
import type { Grant } from "../identity/tenant.ts";
import { checkUserId } from "../identity/user-name.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { derivedToken } from "../rpc/token.ts";
import { shardOfKey, shardOfUser, type HexId } from "../store/entity.ts";
import type { AuditDraft } from "../store/store.ts";
import { commitOnce, untilSettled } from "./commit.ts";
import { millisecondsOf, readKind } from "./read-create.ts";
import { bodyHashOf, checkRequestId, reserve } from "./reserve.ts";

const LONGEST_MS = 600_000;

export interface IssuedGrant {
  readonly token: string;
  readonly until: number;
}

/** Issues a grant; the same request again returns the same one. */
export async function createGrant(
  given: CoreGiven,
  app: { readonly tenantId: HexId; readonly appId: HexId },
  request: TransactionServiceCreateGrantRequest,
): Promise<IssuedGrant | Refusal> {
  const asked = readGrant(request);
  if (isRefusal(asked)) return asked;
  const { tenantId, appId } = app;
  const user = userKey(tenantId, request.userId);
  const found = await given.store.load(shardOfUser(tenantId, request.userId), user);
  if (found.entities[0].body === undefined) return refuse("NOT_FOUND", "user_id: there is no such user.");
  const rpc = "TransactionService.CreateGrant";
  const bodyHash = bodyHashOf(rpc, TransactionServiceCreateGrantRequest.encode(request).finish());
  const use = { tenantId, by: appId, rpc, requestId: request.requestId, bodyHash };
  const reserved = await reserve(given, use, { grantId: toHex(given.random.bytes(16)) });
  if (isRefusal(reserved)) return reserved;
  const grantId = reserved.drawn["grantId"] ?? "";
  const body = { grantId, tenantId, userId: request.userId, kinds: asked.kinds, until: reserved.at + asked.lifetimeMs };
  const grant = await putGrant(given, { ...body, usedBy: undefined }, `app:${appId}`);
  if (isRefusal(grant)) return grant;
  return { token: derivedToken(given.secrets, "grant", grantId), until: grant.until };
}

interface Asked {
  readonly kinds: readonly Kind[];
  readonly lifetimeMs: number;
}

function readGrant({ requestId, userId, kinds, lifetime }: TransactionServiceCreateGrantRequest): Asked | Refusal {
  const bad = checkRequestId(requestId) ?? checkUserId(userId);
  if (bad !== undefined) return bad;
  if (kinds.length === 0) return badInput("kinds", "at least one is required");
  for (const [i, kind] of kinds.entries()) {
    const read = readKind(kind, `kinds[${i}]`);
    if (isRefusal(read)) return read;
  }
  const lifetimeMs = lifetime === undefined ? LONGEST_MS : millisecondsOf(lifetime, "lifetime");
  if (isRefusal(lifetimeMs)) return lifetimeMs;
  if (lifetimeMs > LONGEST_MS) return badInput("lifetime", "must be at most 10 minutes");
  return { kinds: kinds.filter(isKind), lifetimeMs };
}

async function putGrant(given: CoreGiven, grant: Grant, actor: string): Promise<Grant | Refusal> {
  const key = grantKey(grant.grantId);
  const shard = shardOfKey(key);
  return untilSettled(async () => {
    const { entities, epoch } = await given.store.load(shard, key);
    if (entities[0].body !== undefined) return entities[0].body;
    const writes = [{ key, expected: "", body: grant }];
    const outcome = await commitOnce(given, shard, { epoch, writes, audit: [told("grant.issued", grant, actor)] });
    return outcome === "committed" ? grant : undefined;
  });
}

/** Uses the grant up for this request_id; the same one may come again, and ends in the same transaction. */
export async function spendGrant(given: CoreGiven, grantId: HexId, requestId: string): Promise<Refusal | undefined> {
  const key = grantKey(grantId);
  const shard = shardOfKey(key);
  const spent = await untilSettled(async () => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const [{ body, version }] = entities;
    if (body === undefined || now >= body.until) return refuse("NOT_ALLOWED", "The grant lapsed. Ask for a new one.");
    if (body.usedBy === requestId) return body;
    if (body.usedBy !== undefined) return refuse("NOT_ALLOWED", "The grant was used. Ask for a new one.");
    const used: Grant = { ...body, usedBy: requestId };
    const writes = [{ key, expected: version, body: used }];
    const audit = [told("grant.used", used, "client")] as const;
    const outcome = await commitOnce(given, shard, { epoch, notAfter: body.until - 1, writes, audit });
    return outcome === "committed" ? used : undefined;
  });
  return isRefusal(spent) ? spent : undefined;
}

function told(event: string, { tenantId, grantId }: Grant, actor: string): AuditDraft {
  return { event, tenant: tenantId, actor, subject: `grant:${grantId}`, detail: {} };
}

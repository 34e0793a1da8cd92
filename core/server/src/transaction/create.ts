import { fromHex, isCoreKind, tagOf, toHex, txDigestOf } from "@countersign/protocol";
import { APPROVE_RPC } from "../approval/begin-approval.ts";
import { whyTooFewApprovers } from "../approval/enough-approvers.ts";
import { idPrefix } from "../code/code-key.ts";
import type { CoreGiven } from "../given.ts";
import { directoryOf } from "../identity/directory.ts";
import { withoutEmulators } from "../identity/emulator.ts";
import { tenantKey, userKey } from "../identity/entity-key.ts";
import type { Tenant } from "../identity/tenant.ts";
import { evaluatePolicy, type Evaluation } from "../policy/evaluate.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { derivedToken } from "../rpc/token.ts";
import { shardOfUser, type HexId, type Shard } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity, Read } from "../store/store.ts";
import { applyEffects } from "./apply-effects.ts";
import { auditOf } from "./audit-event.ts";
import { loadCaseOf, type Case } from "./case.ts";
import { commitOnce, untilSettled } from "./commit.ts";
import type { Draft } from "./draft.ts";
import { findDuplicate, guardedUntil, guards } from "./duplicate.ts";
import { contentKey, freezeContent, type FrozenContent } from "./frozen-content.ts";
import { writeLapsed } from "./lapsed.ts";
import { takeSlot } from "./limits.ts";
import { checkRequestId, findReservation, reserve, type RequestUse } from "./reserve.ts";
import { transactionKey } from "./transaction-key.ts";
import type { Transaction } from "./transaction.ts";

export interface Created {
  readonly transaction: Transaction;
  readonly confirmationToken: string;
}

/**
 * Freezes content and policy and queues the message with the code, in one commit. Asking again with the same request_id
 * and body answers the same transaction; a refusal of the input stores nothing.
 */
export async function createTransaction(given: CoreGiven, draft: Draft): Promise<Created | Refusal> {
  const bad = checkRequestId(draft.requestId);
  if (bad !== undefined) return bad;
  const use: RequestUse = { ...draft, by: draft.createdBy, rpc: rpcOf(draft) };
  const known = await findReservation(given, use);
  if (isRefusal(known)) return known;
  const found = await directoryOf(given.store).get(tenantKey(draft.tenantId));
  if (found === undefined) throw new Error(`tenant ${draft.tenantId} does not exist`);
  const tenant = withoutEmulators(found, given.development);
  const shard = shardOfUser(draft.tenantId, draft.userId);
  let drawn = known?.drawn ?? drawIds(given, shard);
  let reserved = known !== undefined;
  const made = await untilSettled(async () => {
    const txId = drawn["txId"] ?? "";
    const seen = await look(given, draft, shard, txId);
    if (seen === undefined || isRefusal(seen)) return seen;
    if (seen.held.transaction.body !== undefined) return seen.held.transaction.body;
    const fresh = freeze(tenant, draft, seen, drawn);
    if (isRefusal(fresh)) return fresh;
    const alone = await whyTooFewApprovers(given, tenant, fresh.transaction, seen.content);
    if (alone !== undefined) return alone;
    if (!reserved) {
      const reservation = await reserve(given, use, drawn);
      if (isRefusal(reservation)) return reservation;
      drawn = reservation.drawn;
      reserved = true;
      if (drawn["txId"] !== txId) return undefined;
    }
    const outcome = await commitOnce(given, shard, fresh.change);
    return outcome === "committed" ? fresh.transaction : undefined;
  });
  if (isRefusal(made)) return made;
  return { transaction: made, confirmationToken: derivedToken(given.secrets, "confirmation", made.txId) };
}

/** The shard of the user ‖ u48 milliseconds ‖ 8 random bytes: ids say where they live and sort by time. */
export function drawIds(given: CoreGiven, shard: Shard): Readonly<Record<string, string>> {
  const time = given.store.now().toString(16).padStart(12, "0");
  const txId = idPrefix(shard, given.secrets) + time + toHex(given.random.bytes(8));
  return { txId, nonce: toHex(given.random.bytes(32)) };
}

function rpcOf({ action, approval }: Draft): string {
  return action?.type ?? (approval === undefined ? "create" : APPROVE_RPC);
}

/** What a Create is judged on, read from the user's shard. */
interface Seen {
  readonly held: Case;
  readonly content: FrozenContent;
  /** Transactions with equal content, newest last. */
  readonly equal: readonly Transaction[];
  /** That they stand so: one that turns out to have been carried out meanwhile guards again. */
  readonly reads: readonly Read[];
}

/** undefined: something that is over by the clock had to be written down, look again. */
async function look(given: CoreGiven, draft: Draft, shard: Shard, txId: HexId): Promise<Seen | Refusal | undefined> {
  const { tenantId, userId } = draft;
  const repeated = await loadRepeated(given, draft, shard);
  if (isRefusal(repeated)) return repeated;
  const { entities } = await given.store.load(shard, userKey(tenantId, userId));
  const user = entities[0].body;
  if (user === undefined) return refuse("NOT_FOUND", "user_id: there is no such user. Create him first.");
  const issuer = (await directoryOf(given.store).get(tenantKey(tenantId)))?.issuer ?? "";
  const content = draft.approval?.content ?? freezeContent(draft, issuer, repeated);
  if (isRefusal(content)) return content;
  const of = { shard, txId, tenantId, userId, action: draft.action };
  const extras = { keyIds: [...user.keyIds, ...(draft.keyIds ?? [])], others: [contentKey(draft, content.lines)] };
  const held = await loadCaseOf(given, of, extras, user);
  if (held.transaction.body !== undefined) return { held, content, equal: [], reads: [] };
  const { equal, gone, reads } = await loadEarlier(given, held);
  const written = await writeLapsed(given, [...equal, ...gone], held.now);
  if (isRefusal(written)) return written;
  return written ? undefined : { held, content, equal, reads };
}

/** Another tenant's or user's transaction reads as unknown. */
async function loadRepeated(given: CoreGiven, draft: Draft, shard: Shard): Promise<Transaction | Refusal | undefined> {
  if (draft.repeatOf === undefined) return undefined;
  const { entities } = await given.store.load(shard, transactionKey(draft.repeatOf));
  const repeated = entities[0].body;
  const own = repeated?.tenantId === draft.tenantId && repeated.userId === draft.userId;
  return own ? repeated : badInput("repeat_of", "there is no such transaction of this user");
}

/** The user's transactions that this one may have to wait for: of equal content, and those whose time to be open is up. */
async function loadEarlier(
  given: CoreGiven,
  held: Case,
): Promise<Pick<Seen, "equal" | "reads"> & { readonly gone: readonly Transaction[] }> {
  const txIds = (held.others[0] as LoadedEntity<"content">).body?.txIds ?? [];
  const { open = [], thaw } = held.user.body ?? {};
  const slots = thaw === undefined ? open : [...open, thaw];
  const goneIds = slots.filter(({ until }) => until <= held.now).map((slot) => slot.txId);
  const ids = [...new Set([...txIds, ...goneIds])];
  if (ids.length === 0) return { equal: [], gone: [], reads: [] };
  const { entities } = await given.store.load(held.shard, ...ids.map(transactionKey));
  const found = entities.map(({ body }) => body).filter((body) => body !== undefined);
  return {
    equal: found.filter(({ txId }) => txIds.includes(txId)),
    gone: found.filter(({ txId }) => goneIds.includes(txId)),
    reads: entities.filter(({ key }) => txIds.includes(key.id)).map(({ key, version }) => ({ key, expected: version })),
  };
}

interface Fresh {
  readonly transaction: Transaction;
  readonly change: Parameters<typeof commitOnce>[2];
}

/** Judges and freezes; nothing is stored yet. */
function freeze(tenant: Tenant, draft: Draft, seen: Seen, drawn: Readonly<Record<string, string>>): Fresh | Refusal {
  const { held, content, equal, reads } = seen;
  const guarding = equal.filter((one) => guards(one, held.now));
  const duplicate = isUnguarded(draft) ? undefined : findDuplicate(guarding, draft.repeatOf);
  if (duplicate !== undefined) return duplicate;
  const evaluated = evaluate(tenant, draft, seen);
  if (isRefusal(evaluated)) return evaluated;
  const transaction = transactionOf(draft, held, content, evaluated, drawn);
  const { txId, tag, expiresAt } = transaction;
  const before = held.user.body;
  if (before === undefined) throw new Error("the user was loaded a moment ago and is never deleted");
  const user = takeSlot(before, draft.kind, tenant.policy, { txId, until: expiresAt, tag }, held.now);
  if (isRefusal(user)) return user;
  const taken: Case = { ...held, user: { ...held.user, body: user } };
  const effects = [{ type: "deliver-code", why: "created" }] as const;
  const writes: AnyWrite[] = [
    ...applyEffects(taken, transaction, effects),
    { key: held.user.key, expected: held.user.version, body: user },
    ...contentWrites(draft, held, guarding, txId),
  ];
  const actor = draft.actor ?? (draft.createdBy === "core" ? "core" : `app:${draft.createdBy}`);
  const { kind, mode } = transaction;
  const audit = [
    auditOf("transaction.created", transaction, actor, { kind, mode, digest: toHex(transaction.txDigest) }),
  ];
  const notBefore = Math.max(0, ...equal.map((one) => (guarding.includes(one) ? 0 : guardedUntil(one))));
  return { transaction, change: { epoch: held.epoch, notBefore, reads, writes, audit: audit as [(typeof audit)[0]] } };
}

function evaluate(tenant: Tenant, draft: Draft, { held, content }: Seen): Evaluation | Refusal {
  const { userId, tenantId, kind, modeHint, lifetimeMs, assuranceHint } = draft;
  const own = held.keys.flatMap(({ body }) => (body !== undefined && body.userId === userId ? [body] : []));
  const keys = own.filter(({ keyId }) => isOwnKey(held, keyId));
  if (draft.keyIds !== undefined) {
    const unknown = draft.keyIds.findIndex((id) => !keys.some((key) => key.keyId === id));
    if (unknown !== -1) return badInput(`key_ids[${unknown}]`, "the user has no such key");
  }
  const links = held.links.flatMap(({ body }) => (body !== undefined && body.tenantId === tenantId ? [body] : []));
  const { fields, lines } = content;
  const asked = { kind, fields, lines, keys, keyIds: draft.keyIds, links, modeHint, lifetimeMs, assuranceHint };
  return evaluatePolicy(tenant, { ...asked, now: held.now });
}

/** An ENROL loads the key that it is about as well, which must not sign for itself. */
function isOwnKey(held: Case, keyId: HexId): boolean {
  return held.user.body?.keyIds.includes(keyId) === true;
}

function transactionOf(
  draft: Draft,
  held: Case,
  { fields, content }: FrozenContent,
  { frozen, mode, keyIds, lifetimeMs }: Evaluation,
  drawn: Readonly<Record<string, string>>,
): Transaction {
  const { tenantId, userId, createdBy, kind, repeatOf, action, approval } = draft;
  // Nobody approves an approval.
  const { approval: rule, ...rest } = frozen;
  const policy = approval === undefined && rule !== undefined ? { ...rest, approval: rule } : rest;
  const txId = drawn["txId"] ?? "";
  const nonce = fromHex(drawn["nonce"] ?? "");
  const txDigest = txDigestOf(content);
  const { now } = held;
  return {
    ...{ txId, tenantId, userId, createdBy, createdAt: now, nonce, kind, fields, content, txDigest },
    tag: tagOf(fromHex(txId), nonce, txDigest),
    ...{ mode, keyIds, policy, repeatOf, action },
    ...(approval === undefined ? {} : { approves: approval.approves }),
    version: 1,
    issue: { epoch: held.epoch, n: 1 },
    superseded: [],
    resends: 0,
    lastIssueAt: now,
    triesLeft: frozen.tries,
    expiresAt: now + lifetimeMs,
    lastRefusal: undefined,
    lateVeto: undefined,
    state: "PENDING",
  };
}

const MOST_GUARDING = 64;

/** The core's own kinds, and approvals: what they approve guards for its own user. */
function isUnguarded({ kind, approval }: Draft): boolean {
  return isCoreKind(kind) || approval !== undefined;
}

/** From now on it guards too. The core's own kinds are not counted as equal. */
function contentWrites(draft: Draft, held: Case, guarding: readonly Transaction[], txId: HexId): AnyWrite[] {
  if (isUnguarded(draft)) return [];
  const content = held.others[0] as LoadedEntity<"content">;
  const txIds = [...guarding.map((guard) => guard.txId), txId].slice(-MOST_GUARDING);
  return [{ key: content.key, expected: content.version, body: { txIds } }];
}

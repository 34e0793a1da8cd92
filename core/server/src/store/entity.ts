import { hash } from "node:crypto";
import { ProtocolError } from "@countersign/protocol";
import type { Admin, Administration } from "../admin/admin.ts";
import type { Change } from "../admin/change.ts";
import type { HeadCount, StoredHead } from "../audit/stored-heads.ts";
import type { OutboxEntry } from "../approval/outbox.ts";
import type { ApprovalRequest } from "../approval/request.ts";
import type { BotLease } from "../channel/bot-lease.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { Enrolment } from "../identity/enrolment.ts";
import type { Key } from "../identity/key.ts";
import type { Link, LinkRate, LinkToken, OpenLinks, Peer } from "../identity/link.ts";
import type { App, Bot, Grant, Tenant, TokenHolder } from "../identity/tenant.ts";
import type { User, UserEntry } from "../identity/user.ts";
import type { Reservation } from "./reservation.ts";
import type { BadSignatures } from "../verification/bad-signature-limit.ts";
import type { Judged } from "../verification/judged.ts";
import type { Webhook, WebhookDelivery, WebhookProgress, WebhooksMade } from "../webhook/webhook.ts";
import type { OpenContent, Transaction } from "../transaction/transaction.ts";

/** Milliseconds since 1970 by the store's clock. */
export type UnixMs = number;

/** 32 lower-case hexadecimal digits. */
export type HexId = string;

/** One of 1024 logical shards, fixed for ever: a user's entities share one, a directory entity sits in that of its own hash. */
export type Shard = number;
export const SHARDS = 1024;

/**
 * Every kind of stored entity with its body. Bodies are plain data: strings, numbers, booleans, bigint, Uint8Array,
 * arrays, objects. No code, no token, no PIN is ever part of one.
 */
export interface Bodies {
  /** A user's shard: */
  user: User;
  /** Finds him in the list of his tenant's users; written once. */
  "user-entry": UserEntry;
  key: Key;
  link: Link;
  transaction: Transaction;
  judged: Judged;
  "bad-signatures": BadSignatures;
  content: OpenContent;
  delivery: Delivery;
  /** What other shards have yet to hear of what several people confirm. */
  outbox: OutboxEntry;
  "approval-request": ApprovalRequest;
  /** Directory entities, each in the shard of its own id: */
  tenant: Tenant;
  app: App;
  bot: Bot;
  grant: Grant;
  token: TokenHolder;
  request: Reservation;
  enrolment: Enrolment;
  "link-token": LinkToken;
  "open-links": OpenLinks;
  "link-rate": LinkRate;
  peer: Peer;
  "bot-lease": BotLease;
  /** Where a key id lives: credentials are found by id before their user is known. */
  "key-owner": { readonly tenantId: HexId; readonly userId: string };
  /** Where a link id lives. */
  "link-owner": { readonly tenantId: HexId; readonly userId: string };
  /** The shard of the administration: */
  administration: Administration;
  admin: Admin;
  change: Change;
  /** The shard of the signed heads: */
  "audit-head": StoredHead;
  "audit-head-count": HeadCount;
  /** The shard of the webhooks: */
  webhook: Webhook;
  "webhook-progress": WebhookProgress;
  "webhook-delivery": WebhookDelivery;
  "webhooks-made": WebhooksMade;
}
export type EntityType = keyof Bodies;

/** Names one entity. `tenant` is the tenant's id, or "" for what belongs to the installation. */
export interface EntityKey<T extends EntityType = EntityType> {
  readonly type: T;
  readonly tenant: string;
  readonly id: string;
}

/** The administrators' own tenant, the same in every installation. docs/decisions/0024 */
export const ADMINISTRATION: HexId = "00000000000000000000000000000001";
/** Administrators, their transactions, and what these are about: an approval is one commit. */
export const ADMINISTRATION_SHARD: Shard = shardOfHash("administration");
/** Endpoints that are told of transactions, how far each has read, and what is on its way: one commit. */
export const WEBHOOK_SHARD: Shard = shardOfHash("webhooks");

/** The shard of a user: all that is his lives there. */
export function shardOfUser(tenantId: HexId, userId: string): Shard {
  if (tenantId === ADMINISTRATION) return ADMINISTRATION_SHARD;
  return shardOfHash(`user\0${tenantId}\0${userId}`);
}

/** The shard of a directory entity. */
export function shardOfKey(key: EntityKey): Shard {
  if (key.type === "admin" || key.type === "change" || key.type === "administration") return ADMINISTRATION_SHARD;
  if (key.type.startsWith("webhook")) return WEBHOOK_SHARD;
  return shardOfHash(`${key.type}\0${key.tenant}\0${key.id}`);
}

/** Transaction ids carry their user's shard in their first two bytes. */
export function shardOfTransaction(txId: HexId): Shard {
  return Number.parseInt(txId.slice(0, 4), 16) % SHARDS;
}

// Of the text's UTF-8; as text, which takes half the time that bytes do.
function shardOfHash(name: string): Shard {
  if (!name.isWellFormed()) throw new ProtocolError("unsafe-text", "lone surrogate; send well-formed text");
  return Number.parseInt(hash("sha256", name, "hex").slice(0, 4), 16) % SHARDS;
}

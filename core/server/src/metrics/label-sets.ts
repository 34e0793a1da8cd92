// Every label of every metric takes its values from a list here: no name, id or text of anybody's ever becomes one.
import { status } from "@grpc/grpc-js";
import { REASONS } from "@countersign/protocol";
import type { Platform } from "../identity/tenant.ts";
import { POST_RESULTS } from "../outbound/post-result.ts";
import { PERMISSION } from "../rpc/permission.ts";

/** In place of a value that no list has: a shortcoming of the list, never of the caller. */
const OTHER = "other";

/** The values of one label. */
export type LabelSet = ReadonlySet<string>;

// As a record, so that a new platform is a compile error here.
const CHANNEL: Readonly<Record<Platform, true>> = {
  telegram: true,
  matrix: true,
  mail: true,
  sms: true,
  sandbox: true,
};

export const CHANNELS: LabelSet = new Set(Object.keys(CHANNEL));
export const VERDICTS: LabelSet = new Set(["ACCEPTED", ...Object.keys(REASONS)]);
/** Names of gRPC's status codes. */
export const CODES: LabelSet = new Set(Object.keys(status).filter((name) => !/^[0-9]+$/.test(name)));
export const METHODS: LabelSet = new Set(Object.keys(PERMISSION).map(methodOf));

/**
 * What became of a message: handed to the bot; what the bot reported (sent, not-sent, unknown, permanent), or that it
 * never did (silent); given up by the core; what the provider said of it later (reached, lost).
 */
export const ATTEMPTS = [
  "handed",
  "sent",
  "not-sent",
  "unknown",
  "permanent",
  "silent",
  "given-up",
  "reached",
  "lost",
] as const;
export type Attempt = (typeof ATTEMPTS)[number];

/** What became of a commit: the store's four outcomes; a full disk; an error that stopped it; any other refusal. */
export const COMMITS = ["committed", "conflict", "late", "unknown", "full", "stopped", "refused"] as const;
export type Commit = (typeof COMMITS)[number];

/** What became of a load. */
export const LOADS = ["loaded", "failed"] as const;
export type LoadOutcome = (typeof LOADS)[number];

/** What the store said of a commit whose fate was unknown; failed: it could not say. */
export const SETTLED = ["committed", "absent", "failed"] as const;
export type Settled = (typeof SETTLED)[number];

/** What a try to post a webhook made of it: taken, tried again, given up. */
export const WEBHOOK_OUTCOMES = ["delivered", "failed", "dead"] as const;
export type WebhookOutcome = (typeof WEBHOOK_OUTCOMES)[number];

/** How a try to post a webhook ended. */
export const WEBHOOK_RESULTS: LabelSet = new Set(POST_RESULTS);

/** Why a call was not begun (rpc/call-observer.ts). */
export const SHEDS = ["busy", "late"] as const;

/** How a connection was treated that floods have to do with (rpc/connection-observer.ts). */
export const CURBS = ["ended", "held", "refused"] as const;

/** `value` if the list has it. */
export function labelOf(set: LabelSet, value: unknown): string {
  return typeof value === "string" && set.has(value) ? value : OTHER;
}

/**
 * "/countersign.core.v1.TransactionService/Create" → "TransactionService/Create". Calls of administrators go by their
 * service alone: there are many RPCs and few calls, and every name costs a series for each status and bucket.
 */
export function methodOf(path: string): string {
  const method = path.slice(path.lastIndexOf(".") + 1);
  return path.startsWith("/countersign.admin.") ? method.slice(0, method.indexOf("/")) : method;
}

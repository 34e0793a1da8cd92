import { isCoreKind, isKind, Mode, type Kind } from "@countersign/protocol";
import { Assurance as AssuranceMessage, Mode as ModeMessage } from "@countersign/proto/node/core/v1/content";
import { TransactionServiceCreateRequest } from "@countersign/proto/node/core/v1/transaction_service";
import type { Duration } from "@countersign/proto/google/protobuf/duration";
import { checkUserId } from "../identity/user-name.ts";
import type { Assurance } from "../policy/assurance.ts";
import { actorOf, type Caller } from "../rpc/caller.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { Draft } from "./draft.ts";
import { readFields } from "./read-fields.ts";
import { bodyHashOf, checkRequestId } from "./reserve.ts";
import { isTxId } from "./transaction-key.ts";

const HEX_ID = /^[0-9a-f]{32}$/;
const DIGEST_BYTES = 32;

/** The draft behind a Create, or the member of the request that is wrong. Nothing is looked up yet. */
export function readCreate(request: TransactionServiceCreateRequest, caller: Caller): Draft | Refusal {
  const from = callerOf(caller, request);
  if (isRefusal(from)) return from;
  const bad = checkRequestId(request.requestId) ?? checkUserId(request.userId);
  if (bad !== undefined) return bad;
  const kind = readKind(request.kind);
  if (isRefusal(kind)) return kind;
  const fields = readFields(request.fields);
  if (isRefusal(fields)) return fields;
  const hints = readHints(request);
  if (isRefusal(hints)) return hints;
  const rpc = "TransactionService.Create";
  const bodyHash = bodyHashOf(rpc, TransactionServiceCreateRequest.encode(request).finish());
  return { ...from, ...hints, kind, fields, bodyHash, userId: request.userId, requestId: request.requestId };
}

function callerOf(
  caller: Caller,
  { userId, kind }: TransactionServiceCreateRequest,
): Pick<Draft, "tenantId" | "createdBy" | "actor"> | Refusal {
  if (caller.kind === "app") return { tenantId: caller.tenantId, createdBy: caller.appId, actor: actorOf(caller) };
  if (caller.kind !== "grant") return refuse("NOT_ALLOWED", "An app or a grant creates transactions.");
  if (caller.userId !== userId) return refuse("NOT_ALLOWED", "user_id: the grant is for another user.");
  if (!caller.kinds.some((allowed) => allowed === kind)) return refuse("NOT_ALLOWED", "kind: not in the grant.");
  return { tenantId: caller.tenantId, createdBy: caller.grantId, actor: actorOf(caller) };
}

/** Kinds that an app may ask for. */
export function readKind(kind: number, field = "kind"): Kind | Refusal {
  if (!isKind(kind)) return badInput(field, `kind ${kind} is not in the registry`);
  return isCoreKind(kind) ? badInput(field, "created by the core alone (reserved-kind)") : kind;
}

type Hints = Pick<Draft, "keyIds" | "lifetimeMs" | "modeHint" | "assuranceHint" | "repeatOf" | "payload">;

function readHints(request: TransactionServiceCreateRequest): Hints | Refusal {
  const { payloadSha256, keyIds, contentVersions, repeatOf } = request;
  if (payloadSha256.length !== 0 && payloadSha256.length !== DIGEST_BYTES) {
    return badInput("payload_sha256", "must be empty or 32 bytes");
  }
  const badKey = keyIds.findIndex((id, i) => !HEX_ID.test(id) || keyIds.indexOf(id) !== i);
  if (badKey !== -1) return badInput(`key_ids[${badKey}]`, "must be 32 hexadecimal digits, each key once");
  if (contentVersions.length > 0 && !contentVersions.includes(1)) {
    return badInput("content_versions", "this core renders version 1 alone");
  }
  if (repeatOf !== "" && !isTxId(repeatOf)) return badInput("repeat_of", "must be 32 hexadecimal digits");
  const lifetimeMs = request.lifetime === undefined ? undefined : millisecondsOf(request.lifetime, "lifetime");
  if (isRefusal(lifetimeMs)) return lifetimeMs;
  const modeHint = readMode(request.modeHint);
  if (isRefusal(modeHint)) return modeHint;
  const assuranceHint = readAssurance(request.assuranceHint);
  if (isRefusal(assuranceHint)) return assuranceHint;
  return {
    keyIds: keyIds.length === 0 ? undefined : keyIds,
    lifetimeMs,
    modeHint,
    assuranceHint,
    repeatOf: repeatOf === "" ? undefined : repeatOf,
    payload: payloadSha256.length === 0 ? undefined : new Uint8Array(payloadSha256),
  };
}

function readMode(mode: number): Mode | Refusal | undefined {
  switch (mode) {
    case ModeMessage.UNSPECIFIED:
      return undefined;
    case ModeMessage.A:
      return Mode.KEY_SHOWS;
    case ModeMessage.B:
      return Mode.BOTH_SHOW;
    case ModeMessage.C:
      return Mode.CHAT_SHOWS;
    default:
      return badInput("mode_hint", "must be A, B or C");
  }
}

function readAssurance(assurance: number): Assurance | Refusal | undefined {
  switch (assurance) {
    case AssuranceMessage.UNSPECIFIED:
      return undefined;
    case AssuranceMessage.LOW:
      return "low";
    case AssuranceMessage.MEDIUM:
      return "medium";
    case AssuranceMessage.HIGH:
      return "high";
    default:
      return badInput("assurance_hint", "must be LOW, MEDIUM or HIGH");
  }
}

const LONGEST_MS = 7 * 24 * 3_600_000;

/** A positive duration of at most 7 days in milliseconds, rounded down. */
export function millisecondsOf({ seconds, nanos }: Duration, field: string): number | Refusal {
  const ms = Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);
  if (nanos < 0 || nanos > 999_999_999 || !(ms > 0) || ms > LONGEST_MS) {
    return badInput(field, "must be a positive duration of at most 7 days");
  }
  return ms;
}

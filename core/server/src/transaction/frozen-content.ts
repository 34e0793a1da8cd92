// From typed fields to the canonical content (tx3), with what the core adds: the digest line and the repeat line.
import {
  CONTENT_VERSION,
  encodeCbor,
  encodeContent,
  Kind,
  Label,
  ProtocolError,
  renderFields,
  sha256,
  toHex,
  utf8,
  type Field,
  type Line,
} from "@countersign/protocol";
import { badInput, type Refusal } from "../rpc/refusal.ts";
import type { EntityKey } from "../store/entity.ts";
import type { Draft } from "./draft.ts";
import type { Transaction } from "./transaction.ts";

export interface FrozenContent {
  readonly fields: readonly Field[];
  readonly lines: readonly Line[];
  /** Canonical bytes. */
  readonly content: Uint8Array;
}

/** Renders and encodes; a refusal names the field of the request. `repeated`: the transaction that repeat_of names. */
export function freezeContent(
  draft: Pick<Draft, "kind" | "fields" | "payload">,
  issuer: string,
  repeated: Pick<Transaction, "tag" | "createdAt"> | undefined,
): FrozenContent | Refusal {
  const missing = missingPayload(draft);
  if (missing !== undefined) return missing;
  const fields = [...draft.fields, ...payloadField(draft.payload), ...repeatField(repeated)];
  try {
    const lines = renderFields(draft.kind, fields);
    return { fields, lines, content: encodeContent({ version: CONTENT_VERSION, issuer, kind: draft.kind, lines }) };
  } catch (error) {
    if (error instanceof ProtocolError) return badInput(pathOf(error, draft), ruleOf(error));
    throw error;
  }
}

/** What runs or is booked from a file is bound by its digest: the readable lines alone would not hold it. */
function missingPayload({ kind, fields, payload }: Pick<Draft, "kind" | "fields" | "payload">): Refusal | undefined {
  const shown = fields.findIndex(({ label }) => label === Label.DIGEST);
  if (payload !== undefined && shown !== -1) {
    return badInput(`fields[${shown}].label`, "a digest line and payload_sha256 exclude each other");
  }
  const isBatch = fields.some(({ label }) => label === Label.PAYMENT);
  const required = kind === Kind.RUN || kind === Kind.DEPLOY || isBatch;
  if (!required || payload !== undefined || shown !== -1) return undefined;
  return badInput("payload_sha256", "required for RUN, DEPLOY and batches: SHA-256 of what will run or be booked");
}

function payloadField(digest: Uint8Array | undefined): Field[] {
  return digest === undefined ? [] : [{ label: Label.DIGEST, value: { type: "digest", digest } }];
}

function repeatField(repeated: Pick<Transaction, "tag" | "createdAt"> | undefined): Field[] {
  if (repeated === undefined) return [];
  const minute = new Date(repeated.createdAt).toISOString().slice(0, 16).replace("T", " ");
  return [{ label: Label.REPEAT, value: { type: "text", text: `of ${repeated.tag}, ${minute} UTC` } }];
}

/** The path in the request: what the core appended to the fields came from members of their own. */
function pathOf(error: ProtocolError, { fields, payload }: Pick<Draft, "fields" | "payload">): string {
  const field = error.field ?? "fields";
  if (field === "content") return "fields";
  const index = /^(?:fields|lines)\[(\d+)\]/.exec(field)?.[1];
  if (index === undefined || Number(index) < fields.length) return field.replace(/^lines/, "fields");
  return payload !== undefined && Number(index) === fields.length ? "payload_sha256" : "repeat_of";
}

function ruleOf(error: ProtocolError): string {
  const prefix = `${error.field ?? ""}: `;
  const why = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  return error.rule === undefined ? `${why} (${error.code})` : `${why} (${error.code}, ${error.rule})`;
}

const SAME = utf8("countersign/same-content/v1\0");

/**
 * Where the transactions of a user with equal content are known: without the repeat line, and with the labels in one order,
 * which make no difference to what is done. The order within one label does: arguments are one line each.
 */
export function contentKey(
  draft: Pick<Draft, "tenantId" | "userId" | "kind">,
  lines: readonly Line[],
): EntityKey<"content"> {
  const sorted = lines.filter(({ label }) => label !== Label.REPEAT).toSorted((one, other) => one.label - other.label);
  const rows = sorted.map(({ label, value }) => [label, value]);
  const id = toHex(sha256(SAME, encodeCbor([draft.userId, draft.kind, rows])));
  return { type: "content", tenant: draft.tenantId, id };
}

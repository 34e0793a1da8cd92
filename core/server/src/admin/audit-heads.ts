// ListHeads: what is signed tells nothing of any tenant, so every administrator may have it.
import {
  AuditHead,
  AuditServiceListHeadsResponse,
  type AuditServiceListHeadsRequest,
} from "@countersign/proto/node/admin/v1/audit_service";
import { entriesOf } from "../audit/seal.ts";
import { listHeads, openStored, type StoredHead } from "../audit/stored-heads.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { numberAfter, readPage } from "./page.ts";

/** Of one answer: a client takes four times as much. */
const MOST_CHARACTERS = 2 ** 20;

export async function listAuditHeads(
  given: CoreGiven,
  request: AuditServiceListHeadsRequest,
): Promise<AuditServiceListHeadsResponse | Refusal> {
  const start = readPage(request, ["audit-heads"]);
  if (isRefusal(start)) return start;
  const before = numberAfter(start);
  if (isRefusal(before)) return before;
  const found = await listHeads(given, { before, limit: start.limit });
  const heads: StoredHead[] = [];
  let characters = 0;
  for (const head of found) {
    characters += head.line.length;
    if (heads.length > 0 && characters > MOST_CHARACTERS) break;
    heads.push(head);
  }
  const last = heads.at(-1);
  const isMore = last !== undefined && (heads.length < found.length || heads.length === start.limit);
  const nextPageToken = isMore && last.number > 1 ? start.tokenFor(String(last.number)) : "";
  return AuditServiceListHeadsResponse.create({ heads: heads.map((head) => messageOf(given, head)), nextPageToken });
}

function messageOf(given: CoreGiven, stored: StoredHead): AuditHead {
  const { root, heads } = openStored(given, stored);
  return AuditHead.create({
    ...{ number: BigInt(stored.number), at: timestampOf(stored.at), root: Buffer.from(root) },
    ...{ entries: BigInt(entriesOf(heads)), line: `${stored.line}\n` },
  });
}

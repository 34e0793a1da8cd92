// The audit newest first over all shards: found by the index, read from the chains, and judged by what was read.
import {
  AuditServiceListResponse,
  type AuditEvent,
  type AuditServiceListRequest,
} from "@countersign/proto/node/admin/v1/audit_service";
import type { CoreGiven } from "../given.ts";
import { findEvents, type EventFilter, type LookedAt } from "../read-model/find-events.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { placeText, readPlaceText } from "../read-model/row-place.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import type { AuditDraft, AuditEntry } from "../store/store.ts";
import { eventMessage, isEvent } from "./audit-message.ts";
import { readBetween } from "./list-filter.ts";
import { isBuilding } from "./list-transactions.ts";
import { readPage, type PageOf, type PageStart } from "./page.ts";
import { shardOfSubject, walkAudit } from "./walk-audit.ts";

/** Events that one call looks at in the index, and entries that it reads. */
const MOST_LOOKED_AT = 100_000;
const MOST_READ = 1000;

const SHORTEST_TEXT = 2;
const LONGEST_TEXT = 64;

export async function listAudit(
  given: CoreGiven,
  tenantId: HexId | undefined,
  request: AuditServiceListRequest,
): Promise<AuditServiceListResponse | Refusal> {
  const { event, actor, subject, text, newestFirst, after, before } = request;
  const between = readBetween([after, "after"], [before, "before"]);
  if (isRefusal(between)) return between;
  if (text !== "" && !newestFirst) return badInput("text", "takes newest_first");
  if (text !== "" && (text.length < SHORTEST_TEXT || text.length > LONGEST_TEXT))
    return badInput("text", `must be ${SHORTEST_TEXT} to ${LONGEST_TEXT} characters`);
  const bound = ["audit", tenantId, event, actor, subject, after, before, newestFirst, text];
  const start = readPage(request, bound);
  if (isRefusal(start)) return start;
  const filter = { tenantId, event, actor, subject, text, ...between };
  const only = shardOfSubject(subject, tenantId);
  const page = newestFirst
    ? await listNewest(given, filter, start)
    : await walkAudit(given, { only, wants: (entry, one) => wants(filter, entry, one) }, start);
  if (page === undefined) return badInput("page_token", "not a token of this list");
  if (isRefusal(page)) return page;
  return AuditServiceListResponse.create({ events: [...page.items], nextPageToken: page.nextPageToken });
}

async function listNewest(
  given: CoreGiven,
  filter: EventFilter,
  start: PageStart,
): Promise<PageOf<AuditEvent> | Refusal | undefined> {
  const after = start.after === "" ? undefined : readPlaceText(start.after);
  if (start.after !== "" && after === undefined) return undefined;
  const page = await readModelOf(given).use((file) => collect(given, filter, start, findEvents(file, filter, after)));
  return page ?? isBuilding(given);
}

async function collect(
  { store }: CoreGiven,
  filter: EventFilter,
  start: PageStart,
  looked: AsyncGenerator<LookedAt, void>,
): Promise<PageOf<AuditEvent>> {
  const items: AuditEvent[] = [];
  let [last, seen, read]: [bigint | undefined, number, number] = [undefined, 0, 0];
  let entry: AuditEntry | undefined;
  for await (const { place, shard, seq, nth, fits } of looked) {
    if (last !== undefined && (items.length >= start.limit || seen >= MOST_LOOKED_AT || read >= MOST_READ)) {
      return { items, nextPageToken: start.tokenFor(placeText(last)) };
    }
    [last, seen] = [place, seen + 1];
    if (!fits) continue;
    if (entry?.shard !== shard || entry.seq !== seq) {
      read += 1;
      [entry] = await store.audit(shard, seq, 1);
    }
    const event = entry?.events[nth];
    if (entry !== undefined && event !== undefined && wants(filter, entry, event))
      items.push(eventMessage(entry, event, nth));
  }
  return { items, nextPageToken: "" };
}

function wants(filter: EventFilter, { at }: AuditEntry, one: AuditDraft): boolean {
  const { tenantId, event, actor, subject, text, from, below } = filter;
  return (
    (tenantId === undefined || one.tenant === tenantId) &&
    isEvent(event, one.event) &&
    (actor === "" || one.actor === actor) &&
    (subject === "" || one.subject === subject) &&
    (text === "" || textsOf(one).some((known) => known.toLowerCase().includes(text.toLowerCase()))) &&
    (from === undefined || at >= from) &&
    (below === undefined || at < below)
  );
}

function textsOf({ event, actor, subject, detail }: AuditDraft): string[] {
  const reason = detail["reason"];
  return [event, actor, subject, ...(typeof reason === "string" ? [reason] : [])];
}

// Pure: what of the audit is told to endpoints, and in which words. docs/protocol/webhook.md sections 2 and 3.
import type { HexId, Shard, UnixMs } from "../store/entity.ts";
import type { AuditDraft, AuditEntry } from "../store/store.ts";
import { STATES } from "../transaction/state-names.ts";

/** One thing that endpoints are told: nothing but names and numbers. */
export interface WebhookEvent {
  /** The header webhook-id: who is told twice knows it by this. */
  readonly id: string;
  readonly type: string;
  readonly at: UnixMs;
  readonly tenantId: HexId;
  readonly transactionId: HexId;
  readonly state: string;
  /** Counts the changes of the transaction: what came later has the greater one. */
  readonly version: number;
  /** It tells of nothing that happened. */
  readonly test: boolean;
  /** To this endpoint alone, whatever it wants. */
  readonly only?: HexId;
}

/** The place of an event in the chains, which is its id. */
export interface EventPlace {
  readonly shard: Shard;
  readonly seq: number;
  readonly index: number;
}

export function webhookIdOf({ shard, seq, index }: EventPlace): string {
  return `evt_${hex(shard, 3)}${hex(seq, 13)}${hex(index, 4)}`;
}

/** undefined: not an id that `webhookIdOf` makes. */
export function placeOf(webhookId: string): EventPlace | undefined {
  const [, shard = "", seq = "", index = ""] =
    /^evt_([0-3][0-9a-f]{2})([0-9a-f]{13})([0-9a-f]{4})$/.exec(webhookId) ?? [];
  return shard === "" ? undefined : { shard: parse(shard), seq: parse(seq), index: parse(index) };
}

const parse = (digits: string): number => Number.parseInt(digits, 16);
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** `EXECUTION_FAILED` → `transaction.execution_failed`; the first state of all is what a creation tells. */
export function typeOf(state: string): string {
  return state === "PENDING" ? "transaction.created" : `transaction.${state.toLowerCase()}`;
}

/** Every type there is. */
export const EVENT_TYPES: readonly string[] = [...STATES].map(typeOf);

/** Whether a name of a subscription can ever match. */
export function isEventFilter(filter: string): boolean {
  return filter.endsWith(".") ? EVENT_TYPES.some((type) => type.startsWith(filter)) : EVENT_TYPES.includes(filter);
}

export function stateOfType(type: string): string | undefined {
  return [...STATES].find((state) => typeOf(state) === type);
}

/** Events of tests, as they stand in the audit. */
export const TEST_EVENTS: ReadonlySet<string> = new Set(["webhook.tested", "webhook.triggered"]);

/** What this entry tells, of all tenants; most of the audit is told to nobody. */
export function eventsOfEntry({ shard, seq, at, events }: AuditEntry): WebhookEvent[] {
  return events.flatMap((draft, index) => {
    const told = TEST_EVENTS.has(draft.event) ? testOf(draft) : movedOf(draft);
    if (told === undefined) return [];
    return [{ id: webhookIdOf({ shard, seq, index }), at, tenantId: draft.tenant, test: false, ...told }];
  });
}

type Told = Pick<WebhookEvent, "type" | "transactionId" | "state" | "version"> & Partial<WebhookEvent>;

function movedOf({ event, subject, detail }: AuditDraft): Told | undefined {
  const [, transactionId] = /^transaction:([0-9a-f]{32})$/.exec(subject) ?? [];
  // Deliveries are told of their transaction, and have states of their own.
  if (transactionId === undefined || event.startsWith("delivery.")) return undefined;
  if (event === "transaction.created") return { ...named("PENDING"), transactionId, version: 0 };
  const { from, state, version } = detail;
  if (from === undefined || from === state || typeof state !== "string" || !STATES.has(state)) return undefined;
  return { ...named(state), transactionId, version: typeof version === "number" ? version : 0 };
}

function testOf({ detail }: AuditDraft): Told | undefined {
  const { id, type, transaction, endpoint } = detail;
  const state = typeof type === "string" ? stateOfType(type) : undefined;
  if (state === undefined || typeof id !== "string" || typeof transaction !== "string") return undefined;
  const only = typeof endpoint === "string" ? { only: endpoint } : {};
  return { ...named(state), id, transactionId: transaction, version: 0, test: true, ...only };
}

const named = (state: string): { readonly type: string; readonly state: string } => ({ type: typeOf(state), state });

/** Whether an endpoint is told of it. */
export function isWanted(
  {
    endpointId,
    tenantId,
    events,
  }: { readonly endpointId: HexId; readonly tenantId: HexId; readonly events: readonly string[] },
  event: WebhookEvent,
): boolean {
  if (event.tenantId !== tenantId) return false;
  return event.only === undefined ? matches(events, event.type) : event.only === endpointId;
}

/** None: all. */
export function matches(filters: readonly string[], type: string): boolean {
  return filters.length === 0 || filters.some((one) => (one.endsWith(".") ? type.startsWith(one) : type === one));
}

/** The body: the same bytes at every try. */
export function bodyOf({ id, type, at, tenantId, transactionId, state, version, test }: WebhookEvent): string {
  return JSON.stringify({
    ...{ id, type, timestamp: new Date(at).toISOString() },
    ...(test ? { test: true } : {}),
    data: { tenant_id: tenantId, transaction_id: transactionId, state, version },
  });
}

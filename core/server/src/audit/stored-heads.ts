// The signed heads that a core keeps: the newest ones, each as the line that it publishes. docs/protocol/audit.md section 5.
import { openAuditHead, type OpenedHead } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { IntegrityError } from "../store/store.ts";
import { shardOfKey, type EntityKey, type Shard, type UnixMs } from "../store/entity.ts";

/** One head as it was signed. */
export interface StoredHead {
  readonly number: number;
  readonly at: UnixMs;
  /** application/countersign-audit-head+json, without its end. */
  readonly line: string;
}

/** How far heads are made and told. */
export interface HeadCount {
  /** Of the newest one. */
  readonly number: number;
  /** Of the last one that the webhook took. */
  readonly posted: number;
}

/** So many are kept: more than a day of them, where one is made every ten minutes. */
export const KEPT_HEADS = 200;
export const HEADS = "audit-heads";

/** There is one. */
export const headCountKey: EntityKey<"audit-head-count"> = { type: "audit-head-count", tenant: "", id: "installation" };
/** All heads and their count: who makes the next one reads and writes at one moment. */
export const HEAD_SHARD: Shard = shardOfKey(headCountKey);

export function headKey(number: number): EntityKey<"audit-head"> {
  return { type: "audit-head", tenant: "", id: String(number) };
}

/** undefined: it is not kept any more, or was never made. */
export async function headOf({ store }: Pick<CoreGiven, "store">, number: number): Promise<StoredHead | undefined> {
  return (await store.load(HEAD_SHARD, headKey(number))).entities[0].body;
}

/** Newest first, those below a number if one is given. */
export async function listHeads(
  { store }: Pick<CoreGiven, "store">,
  { before, limit }: { readonly before: number | undefined; readonly limit: number },
): Promise<StoredHead[]> {
  const page = { tenant: "", limit, ...(before === undefined ? {} : { before }) };
  const keys = await store.list(HEAD_SHARD, "audit-head", HEADS, page);
  if (keys.length === 0) return [];
  const { entities } = await store.load(HEAD_SHARD, ...keys);
  return entities.flatMap(({ body }) => body ?? []);
}

/** What a head of our own says. Throws IntegrityError for one that this core's key did not sign. */
export function openStored({ secrets, serverId }: CoreGiven, { number, line }: StoredHead): OpenedHead {
  const head = openAuditHead(line, { serverId, publicKeys: [secrets.publicKey] });
  if (typeof head === "string") throw new IntegrityError(`audit head ${number}: ${head}`);
  return head;
}

import type { CoreGiven } from "../given.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfKey, type Bodies, type EntityKey, type UnixMs } from "../store/entity.ts";
import type { AnyWrite, AuditDraft, Index } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { INSTALLATION } from "./tenant-of.ts";

/** What administrators change outside of users. */
export type DirectoryType = "tenant" | "app" | "bot" | "admin" | "administration" | "token";

/** Who does it and by which change; goes to the audit. */
export interface By {
  readonly actor: string;
  readonly detail: AuditDraft["detail"];
}

/** An entity as it is to be, and how the audit tells it: before and after for people, no secret in either. */
export interface DirectoryChange<T extends DirectoryType> {
  readonly body: Bodies[T];
  /** Dotted past tense. */
  readonly event: string;
  readonly before: string;
  readonly after: string;
  readonly writes?: readonly AnyWrite[];
}

/**
 * Reads an entity and changes it in one commit, again after a conflict. `change` is pure; "same": nothing is to be written.
 * Answers the entity as it stands then.
 */
export async function changeDirectory<T extends DirectoryType>(
  given: CoreGiven,
  of: { readonly key: EntityKey<T>; readonly tenant: string },
  by: By,
  change: (body: Bodies[T] | undefined, now: UnixMs) => DirectoryChange<T> | Refusal | "same",
): Promise<Bodies[T] | Refusal> {
  const { key, tenant } = of;
  const shard = shardOfKey(key);
  return untilSettled(async (): Promise<Bodies[T] | Refusal | undefined> => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const loaded = entities[0] as { readonly version: string; readonly body: Bodies[T] | undefined };
    const changed = change(loaded.body, now);
    if (changed === "same") return loaded.body;
    if (isRefusal(changed)) return changed;
    const { body, event, before, after, writes = [] } = changed;
    const write = { key, expected: loaded.version, body, index: indexOf(key, body) } as unknown as AnyWrite;
    const detail = { ...by.detail, before, after };
    const audit = [{ event, tenant, actor: by.actor, subject: `${key.type}:${key.id}`, detail }] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes: [write, ...writes], audit });
    return outcome === "committed" ? body : undefined;
  });
}

/** How lists find it. */
function indexOf(key: EntityKey<DirectoryType>, body: object): Index {
  switch (key.type) {
    case "tenant":
      return { owner: INSTALLATION };
    case "app":
    case "bot":
      return { owner: key.tenant };
    case "admin":
      return { owner: ADMINS, sort: "createdAt" in body ? Number(body.createdAt) : 0 };
    case "administration":
    case "token":
      return {};
  }
}

/** Whose all administrators are. */
export const ADMINS = "admins";

import { SHARDS, type EntityKey, type EntityType, type Shard } from "../entity.ts";

/** A commit as other cores are told of it. Only a hint: whoever acts on it loads, and nothing else in it is believed. */
export interface Hint {
  /** Who committed. */
  readonly core: string;
  readonly shard: Shard;
  readonly seq: number;
  readonly keys: readonly EntityKey[];
  /** Due times were written, or taken away. */
  readonly due: boolean;
  /** Lanes in which something waits now. */
  readonly lanes: readonly string[];
}

export function encodeHint({ core, shard, seq, keys, due, lanes }: Hint): string {
  return JSON.stringify([core, shard, seq, keys.map(({ type, tenant, id }) => [type, tenant, id]), due, lanes]);
}

/** Whether that core sent it: most of what a core hears is its own, and is not worth reading. */
export function isHintOf(text: string, core: string): boolean {
  return text.startsWith(`["${core}",`);
}

/** Undefined for what is no hint: anybody who may publish may write anything. */
export function decodeHint(text: string): Hint | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts)) return undefined;
  const [core, shard, seq, keys, due, lanes] = parts as unknown[];
  if (typeof core !== "string" || typeof due !== "boolean") return undefined;
  if (!isCount(shard) || shard >= SHARDS || !isCount(seq)) return undefined;
  if (!isTexts(lanes) || !Array.isArray(keys) || !keys.every((key) => isTexts(key) && key.length === 3))
    return undefined;
  return {
    ...{ core, shard, seq, due, lanes },
    keys: (keys as [EntityType, string, string][]).map(([type, tenant, id]) => ({ type, tenant, id })),
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

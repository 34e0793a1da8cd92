// What is asked of Redis before the core serves. docs/protocol/store.md section 8.
import { hmacSha256, toHex, utf8, type MacKey } from "@countersign/protocol";
import { IntegrityError } from "../store.ts";
import type { KeyNames } from "./key-names.ts";
import { LinkError, type RedisLink } from "./redis-link.ts";

/** Of the layout of keys and rows. */
const FORMAT = 1;

/** Redis is not set up as a store that keeps what it was given. The message says what to change. */
export class UnsafeRedisError extends Error {
  override readonly name = "UnsafeRedisError";
}

/** What a server's settings mean for the store. "unsafe": acknowledged work may vanish. "weak": under more than one failure. */
export interface SettingFinding {
  readonly degree: "unsafe" | "weak";
  readonly text: string;
}

/**
 * Refuses a store that was written under another K_store. With `create` an empty one is marked as this installation's;
 * without it there must be one.
 */
export async function checkKey(
  link: RedisLink,
  names: KeyNames,
  macKey: MacKey,
  { create }: { readonly create: boolean },
): Promise<void> {
  const mine = `${FORMAT} ${toHex(hmacSha256(macKey, utf8("countersign/store-key-check/v1\0")))}`;
  const name = names.store;
  if (create) await link.command(name, ["SET", name, mine, "NX"]);
  const found = await link.command(name, ["GET", name]);
  if (typeof found !== "string") throw new IntegrityError("the mark of the store in Redis is gone: restore a backup");
  if (!found.startsWith(`${FORMAT} `)) {
    throw new IntegrityError(`the store in Redis has format ${found.slice(0, 10)}; this version reads ${FORMAT}`);
  }
  if (found !== mine) {
    throw new IntegrityError("the store was written under another K_store: name the secrets folder that belongs to it");
  }
}

/** Whether anything was ever stored under these names. */
export async function isMarked(link: RedisLink, names: KeyNames): Promise<boolean> {
  return typeof (await link.command(names.store, ["GET", names.store])) === "string";
}

/** Reads every master's settings. A server that does not show them is judged by INFO, and said to be weak for the rest. */
export async function findUnsafeSettings(link: RedisLink, replicas: number): Promise<readonly SettingFinding[]> {
  const findings: SettingFinding[] = [];
  const unsafe = (text: string): unknown => findings.push({ degree: "unsafe", text });
  const weak = (text: string): unknown => findings.push({ degree: "weak", text });
  for (const { address, info, config } of await readSettings(link)) {
    const version = info.get("redis_version") ?? "unknown";
    if (Number.parseInt(version, 10) < 7) unsafe(`${address} is Redis ${version}: 7.0 is needed`);
    if (info.get("role") !== "master") unsafe(`${address} is a replica: name its master, or its Sentinels`);
    if (Number(config?.get("min-replicas-to-write") ?? replicas) < replicas) {
      weak(`${address} takes writes with fewer than ${replicas} replicas: set min-replicas-to-write ${replicas}`);
    }
    const connected = Number(info.get("connected_slaves") ?? 0);
    if (replicas > 0 && connected > replicas) {
      weak(
        `${address} has ${connected} replicas, and a change waits for ${replicas}: a failover may choose another one`,
      );
    }
    if (info.get("maxmemory_policy") !== "noeviction") {
      unsafe(`${address} evicts keys when its memory is full: set maxmemory-policy noeviction`);
    }
    if (info.get("aof_enabled") !== "1") {
      unsafe(`${address} keeps no append-only file, so a restart forgets what was acknowledged: set appendonly yes`);
    } else if (config === undefined) {
      weak(
        `${address} does not show its settings (CONFIG GET): make sure that appendfsync is always, aof-load-truncated no`,
      );
    } else {
      findings.push(...findUnsafeFile(address, config));
    }
  }
  return findings;
}

function findUnsafeFile(address: string, config: ReadonlyMap<string, string>): SettingFinding[] {
  const findings: SettingFinding[] = [];
  // A file that ends inside a script is cut inside it: what is acknowledged from then on stands behind an open MULTI, and
  // the next restart drops it or runs half of it. So one power cut takes what appendfsync promised afterwards.
  if (config.get("aof-load-truncated") === "yes") {
    const text = `${address} goes on after a cut append-only file, and may forget later what it acknowledged: set aof-load-truncated no`;
    findings.push({ degree: "unsafe", text });
  }
  const appendfsync = config.get("appendfsync") ?? "unset";
  if (appendfsync !== "always") {
    const text = `${address} has appendfsync ${appendfsync}: with the machine the last second is lost; set always`;
    findings.push({ degree: "weak", text });
  }
  return findings;
}

interface Settings {
  readonly address: string;
  readonly info: ReadonlyMap<string, string>;
  readonly config: ReadonlyMap<string, string> | undefined;
}

async function readSettings(link: RedisLink): Promise<readonly Settings[]> {
  const infos = await link.everywhere(["INFO"]);
  const configs = new Map((await readConfigs(link)).map(({ address, reply }) => [address, reply]));
  return infos.map(({ address, reply }) => ({ address, info: pairsOf(reply), config: configOf(configs.get(address)) }));
}

const SHOWN = ["appendfsync", "aof-load-truncated", "min-replicas-to-write"];

async function readConfigs(link: RedisLink): Promise<readonly { readonly address: string; readonly reply: unknown }[]> {
  try {
    return await link.everywhere(["CONFIG", "GET", ...SHOWN]);
  } catch (error) {
    if (error instanceof LinkError && error.failure === "refused") return [];
    throw error;
  }
}

function pairsOf(info: unknown): ReadonlyMap<string, string> {
  const lines = String(info).split("\r\n");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

// A map in RESP 3, a flat array in RESP 2.
function configOf(reply: unknown): ReadonlyMap<string, string> | undefined {
  if (Array.isArray(reply)) {
    const flat = reply.map(String);
    return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ""] as const] : [])));
  }
  if (typeof reply === "object" && reply !== null) return new Map(Object.entries(reply as Record<string, string>));
  return undefined;
}

/** Whether WAITAOF is there (Redis 7.2 and later, with an append-only file): it tells when the disk has what was written. */
export async function hasWaitAof(link: RedisLink): Promise<boolean> {
  try {
    await link.everywhere(["WAITAOF", "1", "0", "1"]);
    return true;
  } catch (error) {
    if (error instanceof LinkError && error.failure === "refused") return false;
    throw error;
  }
}

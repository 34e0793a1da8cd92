import { readFileSync } from "node:fs";
import { isLoopback } from "@countersign/sdk";
import { bad, fine, type Finding } from "./finding.ts";
import { askRedis, type RedisPlace, type RedisReply } from "./redis-ask.ts";

/** A store of several cores, as the core itself names it. */
export interface RedisOptions {
  readonly store: string;
  readonly passwordFile?: string | undefined;
  readonly caFile?: string | undefined;
}

const FORM = /^(rediss?):\/\/(?:([^@/:,]+)@)?([^@/]+)(?:\/[A-Za-z0-9._-]*)?$/;
const SERVER = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::([1-9]\d{0,4}))?$/;
const USUAL_PORT = 6379;
const LEAST_VERSION = 7;
const SHOWN = ["appendfsync", "aof-load-truncated"] as const;

/** Whether each server that is named keeps what it acknowledged (docs/operations.md). */
export async function redisFindings({ store, passwordFile, caFile }: RedisOptions): Promise<Finding[]> {
  const [, scheme, user, servers = ""] = FORM.exec(store) ?? [];
  const places = servers.split(",").map((text) => SERVER.exec(text));
  if (scheme === undefined || places.includes(null)) {
    return [bad("--store: is no address of Redis", "give it as the core has it: redis[s]://[USER@]HOST[:PORT],…")];
  }
  const [ca, password] = [caFile, passwordFile].map((file) => (file === undefined ? undefined : textOf(file)));
  const login = password === undefined ? [] : [["AUTH", ...(user === undefined ? [] : [user]), password.trimEnd()]];
  const findings = places.map((place) => {
    const [, v6, name, port = USUAL_PORT] = place ?? [];
    return serverFindings({ host: v6 ?? name ?? "", port: Number(port), tls: scheme === "rediss", ca }, login);
  });
  return (await Promise.all(findings)).flat();
}

function textOf(file: string): string {
  return readFileSync(file, "utf8");
}

async function serverFindings(place: RedisPlace, login: readonly string[][]): Promise<Finding[]> {
  const at = `redis ${place.host}:${place.port}`;
  if (!place.tls && !isLoopback(`${place.host.includes(":") ? `[${place.host}]` : place.host}:${place.port}`)) {
    return [bad(`${at}: what is stored would cross the network readable`, "give rediss://, and --store-ca")];
  }
  let replies: RedisReply[];
  try {
    replies = await askRedis(place, [...login, ["INFO"], ["CONFIG", "GET", SHOWN[0]], ["CONFIG", "GET", SHOWN[1]]]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [bad(`${at} cannot be asked (${why})`, "start it, or name it as the core's --store does")];
  }
  const [info, ...config] = replies.slice(login.length);
  if (typeof info !== "string") {
    const why = info instanceof Error ? info.message.slice(0, 80) : "no answer";
    return [bad(`${at} refuses (${why})`, "name its user in --store and --store-password-file, as the core has them")];
  }
  return [...infoFindings(at, info), ...configFindings(at, config)];
}

function infoFindings(at: string, info: string): Finding[] {
  const of = (name: string): string => new RegExp(`^${name}:([^\\r\\n]*)`, "m").exec(info)?.[1] ?? "unknown";
  const version = of("redis_version");
  if (of("redis_mode") === "sentinel") {
    return [bad(`${at} is a Sentinel: its servers were not looked at`, "name the master and its replicas by --store")];
  }
  return [
    Number.parseInt(version, 10) >= LEAST_VERSION
      ? fine(`${at}: Redis ${version}, ${of("role")}`)
      : bad(`${at}: Redis ${version} is too old`, `install Redis ${LEAST_VERSION}.0 or newer`),
    of("aof_enabled") === "1"
      ? fine(`${at}: append-only file`)
      : bad(
          `${at}: no append-only file: a restart forgets what was acknowledged`,
          "set appendonly yes, by CONFIG SET first and then in its file",
        ),
    ...(of("aof_last_write_status") === "ok"
      ? []
      : [bad(`${at}: its last write to the append-only file failed`, "look into its log, and at its disk")]),
    ...(of("maxmemory_policy") === "noeviction"
      ? []
      : [bad(`${at}: drops rows when its memory is full`, "set maxmemory-policy noeviction")]),
  ];
}

function configFindings(at: string, replies: readonly RedisReply[]): Finding[] {
  const [fsync, truncated] = replies.map((reply) => (Array.isArray(reply) ? String(reply[1] ?? "unset") : undefined));
  if (fsync === undefined || truncated === undefined) {
    const fix = "give this user +config|get, or see to it yourself: appendfsync always, aof-load-truncated no";
    return [bad(`${at} does not show its settings (CONFIG GET)`, fix)];
  }
  return [
    fsync === "always"
      ? fine(`${at}: appendfsync always`)
      : bad(`${at}: appendfsync ${fsync}: with the machine the last second is lost`, "set appendfsync always"),
    ...(truncated === "no"
      ? []
      : [bad(`${at}: goes on after an append-only file that was cut`, "set aof-load-truncated no")]),
  ];
}

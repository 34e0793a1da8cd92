import { isLabel, type Line } from "@countersign/protocol";
import { linesJson } from "../output/transaction-text.ts";

/** A generated message type: what --json needs of it. */
export interface MessageType<T> {
  toJSON(message: T): unknown;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * A message of the core as --json tells it: every member, also empty ones; enums by name without prefix, moments as ISO
 * 8601, bytes in hexadecimal, the member of a oneof under its own name. The generated toJSON leaves empty members out and
 * has bytes in base64; it is asked for the names of enums and for moments alone.
 */
export function messageJson<T extends object>(type: MessageType<T>, message: T): Record<string, Json> {
  return objectJson(message as Members, (type.toJSON(message) ?? {}) as Members);
}

type Members = Readonly<Record<string, unknown>>;

function objectJson(message: Members, generated: Members): Record<string, Json> {
  const json: Record<string, Json> = {};
  for (const [name, value] of Object.entries(message)) {
    if (value === undefined) continue;
    if (isOneof(value)) json[value.$case] = valueJson(value.value, generated[value.$case]);
    else if (name === "lines") json[name] = linesJson(linesOf(value as readonly WireLine[]));
    else if (name === "rejectReason" && value === 0) json[name] = "";
    else json[name] = valueJson(value, generated[name]);
  }
  return json;
}

function valueJson(value: unknown, generated: unknown): Json {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" && typeof generated === "string") return shortName(generated);
  if (Array.isArray(value)) {
    const others = Array.isArray(generated) ? generated : [];
    return value.map((each, at) => valueJson(each, others[at]));
  }
  if (typeof value !== "object" || value === null) return value as Json;
  if (typeof generated === "string") return generated;
  if ("seconds" in value && "nanos" in value) return Number(value.seconds) + Number(value.nanos) / 1e9;
  return objectJson(value as Members, (generated ?? {}) as Members);
}

function isOneof(value: unknown): value is { readonly $case: string; readonly value: unknown } {
  return typeof value === "object" && value !== null && "$case" in value;
}

/** Longest first, so that none hides another. */
const PREFIXES = [
  ...[
    "DELIVERY_EVENT_TYPE_",
    "DELIVERY_REASON_",
    "DELIVERY_STATE_",
    "REJECT_REASON_",
    "CHANGE_STATE_",
    "CHANGE_LEVEL_",
    "ADMIN_STATE_",
  ],
  ...["RECOVERY_STATE_", "APP_SCOPE_", "USER_STATE_", "LINK_STATE_", "KEY_STATE_", "ASSURANCE_", "KEY_TYPE_", "LABEL_"],
  ...["STATE_", "ROLE_", "KIND_", "MODE_"],
] as const;

/** `OWNER` for `ROLE_OWNER`. */
export function shortName(name: string): string {
  const prefix = PREFIXES.find((each) => name.startsWith(each));
  return prefix === undefined ? name : name.slice(prefix.length);
}

interface WireLine {
  readonly label: number;
  readonly value: string;
}

/** Lines whose labels this program knows. */
export function linesOf(lines: readonly WireLine[]): Line[] {
  return lines.flatMap(({ label, value }) => (isLabel(label) ? [{ label, value }] : []));
}

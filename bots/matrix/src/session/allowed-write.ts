/** State that a room of ours needs; none of it holds free text. */
const STATE: ReadonlySet<string> = new Set([
  "m.room.encryption",
  "m.room.retention",
  "m.room.power_levels",
  "m.room.history_visibility",
  "m.room.guest_access",
  "m.room.join_rules",
]);

/** All that an encrypted event may show in clear. */
const ENVELOPE: ReadonlySet<string> = new Set([
  "algorithm",
  "ciphertext",
  "sender_key",
  "device_id",
  "session_id",
  "m.relates_to",
]);

/** Why a request must not leave; closed, so that it can be logged. */
export type Refusal = "other-origin" | "plaintext-event" | "plaintext-state" | "plaintext-reason" | "unreadable-body";

/**
 * The last look at every request of the SDK: undefined, or why it would show something in clear. The SDK sends an event
 * unencrypted when it does not know the room (yet), even into a room that it knew to be encrypted before a restart.
 */
export function refusalOf(method: string, url: URL, body: unknown): Refusal | undefined {
  if (method === "GET") return undefined;
  const parts = url.pathname.split("/").map((part) => decodePart(part));
  const rooms = parts.indexOf("rooms");
  const content = readBody(body);
  if (rooms < 0) return parts.at(-1) === "createRoom" ? refuseRoom(content) : undefined;
  if (content === undefined) return "unreadable-body";
  if (holds(content, "reason")) return "plaintext-reason";
  const [, , action, type] = parts.slice(rooms);
  if (action === "send") return refuseEvent(type, content);
  if (action === "state") return type !== undefined && STATE.has(type) ? undefined : "plaintext-state";
  return undefined;
}

function refuseEvent(type: string | undefined, content: Record<string, unknown>): Refusal | undefined {
  if (type === "m.reaction") return isReaction(content) ? undefined : "plaintext-event";
  if (type !== "m.room.encrypted") return "plaintext-event";
  const sealed = content["algorithm"] === "m.megolm.v1.aes-sha2" && typeof content["ciphertext"] === "string";
  if (!sealed || Object.keys(content).some((field) => !ENVELOPE.has(field))) return "plaintext-event";
  return isRelation(content["m.relates_to"]) ? undefined : "plaintext-event";
}

// A relation names another event, and of reactions the symbol: letters and digits could spell a code.
function isReaction(content: Record<string, unknown>): boolean {
  const { "m.relates_to": relation, ...rest } = content;
  return relation !== undefined && Object.keys(rest).length === 0 && isRelation(relation);
}

function isRelation(relation: unknown): boolean {
  if (relation === undefined) return true;
  if (typeof relation !== "object" || relation === null) return false;
  return Object.entries(relation).every(([field, value]: [string, unknown]) => {
    if (field === "key") return typeof value === "string" && value.length <= 16 && !/[\p{L}\p{N}]/u.test(value);
    if (field === "rel_type" || field === "event_id") return typeof value === "string";
    if (field === "is_falling_back") return typeof value === "boolean";
    return field === "m.in_reply_to" && isRelation(value);
  });
}

function refuseRoom(content: Record<string, unknown> | undefined): Refusal | undefined {
  if (content === undefined) return "unreadable-body";
  if (holds(content, "topic")) return "plaintext-state";
  const initial = content["initial_state"] ?? [];
  if (!Array.isArray(initial)) return "unreadable-body";
  return initial.every((event: { type?: unknown } | null) => STATE.has(String(event?.type)))
    ? undefined
    : "plaintext-state";
}

function holds(content: Record<string, unknown>, field: string): boolean {
  return content[field] !== undefined && content[field] !== "";
}

function readBody(body: unknown): Record<string, unknown> | undefined {
  if (body === undefined || body === null || body === "") return {};
  if (typeof body !== "string") return undefined;
  try {
    const content: unknown = JSON.parse(body);
    return typeof content === "object" && content !== null ? (content as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

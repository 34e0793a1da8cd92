import { createHash } from "node:crypto";
import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { EventShieldReason } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";

/** One event of a room as the homeserver tells it, decrypted. Everything in it is attacker-controlled. */
export interface HeardEvent {
  readonly id: string;
  readonly type: string;
  readonly sender: string;
  readonly stateKey: string | undefined;
  readonly content: Readonly<Record<string, unknown>>;
  /** What the cryptography says of where it came from. */
  readonly proof: "sender" | "clear" | "doubtful" | "undecryptable";
}

/** Whose devices count: those that their owners signed, or all. */
export type DeviceRule = "signed" | "all";

// Everything else says that the homeserver may have made it up, or that the sender is not who he was.
const SOUND: ReadonlySet<EventShieldReason | null> = new Set([null, EventShieldReason.UNVERIFIED_IDENTITY]);
const UNSIGNED: ReadonlySet<EventShieldReason | null> = new Set([
  EventShieldReason.UNSIGNED_DEVICE,
  EventShieldReason.UNKNOWN_DEVICE,
]);

/** Decrypts an event if need be, and says what is known of its sender. */
export async function hearEvent(client: MatrixClient, event: MatrixEvent, rule: DeviceRule): Promise<HeardEvent> {
  await client.decryptEventIfNeeded(event);
  return {
    id: event.getId() ?? "",
    type: event.getType(),
    sender: event.getSender() ?? "",
    stateKey: event.getStateKey(),
    content: event.getContent(),
    proof: await proofOf(client, event, rule),
  };
}

async function proofOf(client: MatrixClient, event: MatrixEvent, rule: DeviceRule): Promise<HeardEvent["proof"]> {
  if (event.isDecryptionFailure()) return "undecryptable";
  if (!event.isEncrypted()) return "clear";
  const info = await client.getCrypto()?.getEncryptionInfoForEvent(event);
  if (info === null || info === undefined) return "doubtful";
  const sound = SOUND.has(info.shieldReason) || (rule === "all" && UNSIGNED.has(info.shieldReason));
  return sound ? "sender" : "doubtful";
}

/** Id of an event for the core, and of what answers it: the same whenever the event is met, printable, bounded. */
export function stableId(kind: string, ...of: readonly string[]): string {
  return `mx-${kind}-${createHash("sha256").update(of.join("\0")).digest("base64url").slice(0, 32)}`;
}

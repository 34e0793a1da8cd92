// Signing secrets are derived, so that no store and no backup has one. docs/protocol/webhook.md section 4.
//
// secret(endpoint, generation) = HMAC(K_token, "countersign/webhook/v1" ‖ 0 ‖ endpoint ‖ 0 ‖ generation), 32 bytes
import { hmacSha256, utf8, type MacKey } from "@countersign/protocol";
import { Webhook as Signer } from "standardwebhooks";
import type { UnixMs } from "../store/entity.ts";
import { bodyOf, type WebhookEvent } from "./event.ts";
import type { Webhook } from "./webhook.ts";

/** How long the secret before signs along. */
export const OVERLAP_MS = 86_400_000;

type Keys = { readonly token: MacKey };

/** `whsec_…`, for who made the endpoint or rotated it. */
export function secretOf(secrets: Keys, endpointId: string, generation: number): string {
  return derived(secrets, `endpoint\0${endpointId}\0${generation}`);
}

/** Of one administrator who listens to one tenant: the same each time, and no endpoint's. */
export function listenSecretOf(secrets: Keys, tenantId: string, adminId: string): string {
  return derived(secrets, `listen\0${tenantId}\0${adminId}`);
}

function derived({ token }: Keys, of: string): string {
  return `whsec_${Buffer.from(hmacSha256(token, utf8(`countersign/webhook/v1\0${of}`))).toString("base64")}`;
}

/** What signs at a moment: the secret in use, and for a day the one before. */
export function secretsInUse(secrets: Keys, { endpointId, generation, previousUntil }: Webhook, now: UnixMs): string[] {
  const isOverlap = generation > 1 && previousUntil !== undefined && now < previousUntil;
  const generations = isOverlap ? [generation, generation - 1] : [generation];
  return generations.map((one) => secretOf(secrets, endpointId, one));
}

/** A message as it goes out. */
export interface SignedMessage {
  readonly headers: Readonly<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>>;
  readonly body: string;
}

/** Signed anew at each try: receivers refuse what is older than a few minutes. */
export function signed(event: WebhookEvent, secrets: readonly string[], now: UnixMs): SignedMessage {
  const body = bodyOf(event);
  const at = new Date(now);
  const signatures = secrets.map((secret) => new Signer(secret).sign(event.id, at, body));
  return {
    headers: {
      "webhook-id": event.id,
      "webhook-timestamp": String(Math.floor(now / 1000)),
      "webhook-signature": signatures.join(" "),
    },
    body,
  };
}

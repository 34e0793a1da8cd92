// One try of one message. docs/protocol/webhook.md sections 4 to 6.
import type { CoreGiven } from "../given.ts";
import type { Allowed } from "../outbound/address-guard.ts";
import { postTo, type OutboundSeams } from "../outbound/post.ts";
import { resultOfError, resultOfStatus, type PostResult } from "../outbound/post-result.ts";
import type { UnixMs } from "../store/entity.ts";
import { askedUntil } from "./retry-after.ts";
import { secretsInUse, signed } from "./secret.ts";
import type { Webhook, WebhookDelivery } from "./webhook.ts";

/** How a try ended. */
export interface Tried {
  readonly result: PostResult;
  /** 0: nothing was answered. */
  readonly status: number;
  /** Until when the receiver asks to be left alone. */
  readonly quietUntil: UnixMs | undefined;
}

/** Whom endpoints may be beside the public. */
export function allowedOf({ webhookAllow = [] }: Pick<CoreGiven, "webhookAllow">): Allowed {
  return { names: webhookAllow, flag: "--webhook-allow" };
}

/** Never rejects; undefined: it was stopped, and nothing is known. */
export async function tryPost(
  given: CoreGiven,
  webhook: Webhook,
  { event }: WebhookDelivery,
  { seams, signal }: { readonly seams: OutboundSeams; readonly signal: AbortSignal },
): Promise<Tried | undefined> {
  const now = given.store.now();
  const { headers, body } = signed(event, secretsInUse(given.secrets, webhook, now), now);
  const outgoing = {
    headers: { ...headers, "content-type": "application/json", "user-agent": "countersign-webhook/1" },
    body: Buffer.from(body),
  };
  try {
    const outbound = { ...seams, allowed: allowedOf(given), signal };
    const { status, retryAfter } = await postTo(new URL(webhook.url), outgoing, outbound);
    return { result: resultOfStatus(status), status, quietUntil: askedUntil(status, retryAfter, given.store.now()) };
  } catch (error) {
    return signal.aborted ? undefined : { result: resultOfError(error), status: 0, quietUntil: undefined };
  }
}

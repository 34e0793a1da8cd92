import { AdminServiceDefinition } from "@countersign/proto/web/admin/v1/admin_service";
import { AuditServiceDefinition } from "@countersign/proto/web/admin/v1/audit_service";
import { WebhookServiceDefinition } from "@countersign/proto/web/admin/v1/webhook_service";
import { KeyServiceDefinition } from "@countersign/proto/web/core/v1/key_service";
import type { CallOptions, ClientMiddleware } from "nice-grpc-common";
import { Status } from "nice-grpc-common";
import { type Client, createChannel, createClientFactory, Metadata } from "nice-grpc-web";
import { CoreFailure } from "./core-failure.ts";
import { endSession, session } from "./session.ts";
import { translate } from "./translate.ts";

const channel = createChannel(location.origin);

/** Adds the session's token where a call brings none of its own; without `authorized` the token is no matter of the call. */
function authorized(options: CallOptions): CallOptions {
  const { value } = session;
  if (value === undefined || options.metadata?.has("authorization") === true) return options;
  const metadata = Metadata(options.metadata).set("authorization", `Bearer ${value.token}`);
  return { ...options, metadata };
}

// A token that the core knows no more ends the session.
const asSession: ClientMiddleware = async function* asSession(call, options) {
  const given = authorized(options);
  try {
    return yield* call.next(call.request, given);
  } catch (error) {
    if (isOver(error, given)) endSession("refused", sessionStorage, Date.now());
    throw error;
  }
};

function isOver(failure: unknown, { metadata }: CallOptions): boolean {
  if (!(failure instanceof CoreFailure) || failure.code !== Status.UNAUTHENTICATED) return false;
  const token = session.value?.token;
  return token !== undefined && metadata?.get("authorization") === `Bearer ${token}`;
}

// What a transaction or an enrolment has a token of its own for is none of the session's business.
const plain = createClientFactory().use(translate);
const factory = plain.use(asSession);

/** The core's own place for administrators, with the session's token. Rejects with CoreFailure. */
export const admin: Client<typeof AdminServiceDefinition> = factory.create(AdminServiceDefinition, channel);

/** The audit chains. Rejects with CoreFailure. */
export const audit: Client<typeof AuditServiceDefinition> = factory.create(AuditServiceDefinition, channel);

/** Places outside that are told. Rejects with CoreFailure. */
export const webhooks: Client<typeof WebhookServiceDefinition> = factory.create(WebhookServiceDefinition, channel);

/** Enrolments; each call brings the token of its own. */
export const keys: Client<typeof KeyServiceDefinition> = plain.create(KeyServiceDefinition, channel);

/** Call options with a token of the call's own. */
export function bearer(token: string): CallOptions {
  return { metadata: Metadata({ authorization: `Bearer ${token}` }) };
}

import {
  WebhookServiceListenRequest,
  type WebhookServiceListenResponse,
} from "@countersign/proto/node/admin/v1/webhook_service";
import { bearer, messages, resumedByCursor } from "@countersign/sdk";
import { Webhook } from "standardwebhooks";
import type { AdminGiven } from "../admin/admin-connection.ts";
import { tenantId } from "../admin/find.ts";
import type { TenantOption } from "../admin/tree.ts";
import { CliError, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";

export interface ListenOptions extends TenantOption {
  readonly forwardTo: string;
  readonly event?: readonly string[];
}

const LONGEST_MS = 15_000;
/** Ids that are remembered: what comes twice after a broken connection is forwarded once. */
const MOST_KNOWN = 10_000;

/**
 * `countersign listen --forward-to URL`: what an endpoint would get, to a program on this machine. The signing secret is the
 * same each time, so it can stand in that program's settings.
 */
export async function listenCommand(on: AdminGiven, options: ListenOptions): Promise<ExitCode> {
  const { terminal } = on.given;
  const target = loopbackUrl(options.forwardTo);
  const tenant = await tenantId(on, options.tenant);
  const stop = new AbortController();
  const release = terminal.io.onInterrupt(() => stop.abort());
  const events = [...(options.event ?? [])];
  const open = (cursor: string): AsyncIterable<WebhookServiceListenResponse> => {
    const request = WebhookServiceListenRequest.create({ tenantId: tenant, events, cursor });
    return messages(on.webhooks.listen(request, bearer(on.core.token)), stop.signal);
  };
  const known = new Set<string>();
  let secret: string | undefined;
  try {
    for await (const message of resumedByCursor(open, stop.signal)) {
      if (message.secret !== "" && secret === undefined) {
        ({ secret } = message);
        terminal.record({ listening: true, secret, forwardTo: target.href });
        terminal.result(printable(`Signing secret: ${secret}`));
        terminal.result(printable(`Forwarding to ${target.href}; Ctrl-C ends it.`));
      }
      if (message.webhookId === "" || secret === undefined || known.has(message.webhookId)) continue;
      if (known.size >= MOST_KNOWN) known.clear();
      known.add(message.webhookId);
      await forward(on, message, { secret, target, signal: stop.signal });
    }
  } finally {
    release();
  }
  return ExitCode.DONE; // only the listening was ended
}

interface Forwarding {
  readonly secret: string;
  readonly target: URL;
  readonly signal: AbortSignal;
}

async function forward(
  { given: { terminal } }: AdminGiven,
  message: WebhookServiceListenResponse,
  { secret, target, signal }: Forwarding,
): Promise<void> {
  const { webhookId, body } = message;
  const headers = {
    "webhook-id": webhookId,
    "webhook-timestamp": message.webhookTimestamp,
    "webhook-signature": message.webhookSignature,
  };
  const type = typeOf(new Webhook(secret), body, headers);
  const answer = await posted(target, { ...headers, "content-type": "application/json" }, body, signal);
  const isTaken = typeof answer === "number" && answer >= 200 && answer <= 299;
  terminal.record({ webhookId, type, ...(typeof answer === "number" ? { status: answer } : { error: answer }) });
  terminal.result(printable(`  ${terminal.sign(isTaken ? "done" : "failed")} ${type}  ${webhookId}  ${answer}`));
}

/** As the receiver will check it: a clock that is wrong shows here first. */
function typeOf(verifier: Webhook, body: string, headers: Record<string, string>): string {
  try {
    const { type } = verifier.verify(body, headers) as { readonly type: string };
    return type;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(
      ExitCode.UNVERIFIED,
      `the message is not what its signature says (${why}); is this PC's clock right?`,
    );
  }
}

/** The status that was answered, or why there was none. */
async function posted(
  target: URL,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<number | string> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
    const response = await fetch(target, { method: "POST", headers, body, redirect: "manual", signal: limit });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: string } };
    return cause?.code ?? (error instanceof Error ? error.message : String(error));
  }
}

/** What is forwarded is a tenant's: to this machine alone. */
function loopbackUrl(text: string): URL {
  const url = URL.parse(text);
  const isLoopback = url !== null && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (!isLoopback || !/^https?:$/.test(url.protocol) || url.username + url.password !== "")
    throw refused("--forward-to: expected a URL of this machine, such as http://127.0.0.1:3000/countersign");
  return url;
}

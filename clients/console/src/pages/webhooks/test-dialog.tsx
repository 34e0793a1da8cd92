import { announce, t } from "@countersign/pages";
import {
  type Webhook,
  type WebhookDelivery,
  WebhookDeliveryState,
} from "@countersign/proto/web/admin/v1/webhook_service";
import { pause } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CoreFailure } from "../../connection/core-failure.ts";
import { webhooks } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Choice } from "../../ui/field.tsx";
import { useAction } from "../../ui/use-action.ts";
import { EVENT_TYPES } from "./event-types.ts";
import { resultOf } from "./last-tries.ts";
import { DeliveryStateBadge } from "./webhook-state.tsx";

const USUAL = "transaction.executed";

/** A message that says it is a test, to this endpoint alone, and what became of its first try. */
export function TestDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }): JSX.Element {
  const [type, setType] = useState(USUAL);
  const [webhookId, setWebhookId] = useState<string | undefined>(undefined);
  const { busy, failure, run } = useAction();
  const { endpointId, url } = webhook;
  const send = async (): Promise<void> =>
    setWebhookId((await webhooks.sendTest({ tenantId: tenantId.value, endpointId, type })).webhookId);
  return (
    <Dialog title={t("webhooks-test-title")} busy={busy} onClose={onClose}>
      <p>
        <code class="id" dir="ltr">
          {url}
        </code>
      </p>
      <p>{t("webhooks-test-means")}</p>
      {webhookId === undefined ? (
        <Choice
          label={t("webhooks-event")}
          value={type}
          options={EVENT_TYPES.map((each) => [each, each])}
          onInput={setType}
        />
      ) : (
        <FirstTry endpointId={endpointId} webhookId={webhookId} />
      )}
      {failure !== undefined && <FailureNote failure={failure} />}
      <footer>
        <button type="button" class="secondary" disabled={busy} onClick={onClose}>
          {t("close")}
        </button>
        {webhookId === undefined && (
          <button type="button" aria-busy={busy} disabled={busy} onClick={() => void run(send)}>
            {t("webhooks-test-send")}
          </button>
        )}
      </footer>
    </Dialog>
  );
}

interface Sent {
  readonly endpointId: string;
  readonly webhookId: string;
}

function FirstTry(sent: Sent): JSX.Element {
  const [tried, setTried] = useState<WebhookDelivery | undefined>(undefined);
  const [failure, setFailure] = useState<CoreFailure | undefined>(undefined);
  useEffect(() => {
    const leaving = new AbortController();
    const follow = async (): Promise<void> => {
      const found = await firstTryOf(sent, leaving.signal, setFailure);
      if (found === undefined) return;
      setTried(found);
      announce(wordsOf(found));
    };
    void follow();
    return () => leaving.abort();
  }, [sent.webhookId]);
  if (failure !== undefined) return <FailureNote failure={failure} />;
  if (tried === undefined) return <p aria-busy="true">{t("webhooks-test-waits")}</p>;
  const result = resultOf(tried);
  return (
    <div class={tried.state === WebhookDeliveryState.DELIVERED ? "note" : "note note-bad"}>
      <p>
        <DeliveryStateBadge state={tried.state} /> <code dir="ltr">{result}</code>
      </p>
      <p>{wordsOf(tried)}</p>
      {tried.lastResult === "refused" && <p>{t("webhooks-test-refused")}</p>}
    </div>
  );
}

function wordsOf({ state }: WebhookDelivery): string {
  return t(state === WebhookDeliveryState.DELIVERED ? "webhooks-test-arrived" : "webhooks-test-failed");
}

const LOOK_AGAIN_MS = 1_000;
const LOOKED_AT = 100;

/** Asks until it was tried once. undefined: nobody waits for it any more. */
async function firstTryOf(
  { endpointId, webhookId }: Sent,
  signal: AbortSignal,
  tell: (failure: CoreFailure | undefined) => void,
): Promise<WebhookDelivery | undefined> {
  const request = { tenantId: tenantId.value, endpointId, pageSize: LOOKED_AT };
  while (!signal.aborted) {
    try {
      const { deliveries } = await webhooks.listDeliveries(request, { signal });
      const found = deliveries.find((each) => each.webhookId === webhookId);
      tell(undefined);
      if (found !== undefined && found.attempts > 0) return found;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof CoreFailure)) throw error;
      tell(error);
    }
    await pause(LOOK_AGAIN_MS, signal);
  }
  return undefined;
}

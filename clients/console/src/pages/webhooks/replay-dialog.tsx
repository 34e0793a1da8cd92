import { announce, momentOf, t } from "@countersign/pages";
import type { Webhook } from "@countersign/proto/web/admin/v1/webhook_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { webhooks } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Choice } from "../../ui/field.tsx";
import { useAction } from "../../ui/use-action.ts";

/** Hours back. */
const SINCE = ["1", "6", "24", "72", "168", "720"];
const HOUR_MS = 3_600_000;

/** Tells everything again that happened since a moment, under the ids that it had. */
export function ReplayDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }): JSX.Element {
  const [hours, setHours] = useState("24");
  const [queued, setQueued] = useState(0);
  const [over, setOver] = useState(false);
  const { busy, failure, run } = useAction();
  const { endpointId } = webhook;
  const replay = async (): Promise<void> => {
    const what = { $case: "since", value: momentOf(Date.now() - Number(hours) * HOUR_MS) } as const;
    let sum = 0;
    for (let cursor = ""; ;) {
      const answer = await webhooks.replay({ tenantId: tenantId.value, endpointId, what, cursor });
      sum += answer.queued;
      setQueued(sum);
      cursor = answer.nextCursor;
      if (cursor === "") break;
    }
    setOver(true);
    announce(t("webhooks-replayed", { count: sum }));
  };
  return (
    <Dialog title={t("webhooks-replay-title")} busy={busy} onClose={onClose}>
      <p>{t("webhooks-replay-means")}</p>
      {!over && (
        <Choice
          label={t("webhooks-replay-since")}
          value={hours}
          options={SINCE.map((each) => [each, t(`webhooks-since-${each}`)])}
          onInput={setHours}
        />
      )}
      {(busy || over) && <p class="note">{t("webhooks-replayed", { count: queued })}</p>}
      {failure !== undefined && <FailureNote failure={failure} />}
      <footer>
        <button type="button" class="secondary" disabled={busy} onClick={onClose}>
          {t("close")}
        </button>
        {!over && (
          <button type="button" aria-busy={busy} disabled={busy} onClick={() => void run(replay)}>
            {t("webhooks-replay")}
          </button>
        )}
      </footer>
    </Dialog>
  );
}
